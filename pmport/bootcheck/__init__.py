"""Will it boot? What a bootloader would refuse or mishandle, found before it is flashed.

::

    for finding in pmport.bootcheck.check(image, against=stock):
        print(finding)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.bootcheck.checks import check as check
    from pmport.bootcheck.first_boot import BootWord as BootWord, propose as propose
    from pmport.bootcheck.profiles import PROFILES as PROFILES, Profile as Profile, profile_named as profile_named
else:
    _PUBLIC = {
        "pmport.bootcheck.checks": "check",
        "pmport.bootcheck.first_boot": "BootWord propose",
        "pmport.bootcheck.profiles": "PROFILES Profile profile_named",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

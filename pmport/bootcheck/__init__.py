"""Will it boot? What a bootloader would refuse or mishandle, found before it is flashed.

::

    for finding in pmport.bootcheck.check(image, against=stock):
        print(finding)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.bootcheck.checks import check
    from pmport.bootcheck.profiles import PROFILES, Profile, profile_named

_NAMES = {
    "PROFILES": "pmport.bootcheck.profiles:PROFILES",
    "Profile": "pmport.bootcheck.profiles:Profile",
    "check": "pmport.bootcheck.checks:check",
    "profile_named": "pmport.bootcheck.profiles:profile_named",
}

__all__ = ["PROFILES", "Profile", "check", "profile_named"]

__getattr__, __dir__ = lazily(__name__, _NAMES)

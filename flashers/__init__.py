"""Flashers: carry a plan to a phone. Each speaks its protocol itself, over a transport.

::

    plan = pmport.generate.flash_plan(device, {"boot": "boot.img"})
    print(plan)                                        # the dry run
    with pmport.flashers.open("fastboot") as flasher:
        flasher.run(plan, on_event=print)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.flashers.fastboot import FastbootFlasher
    from pmport.flashers.fastboot_client import FastbootClient
    from pmport.flashers.methods import METHODS, Flasher, open

_NAMES = {
    "METHODS": "pmport.flashers.methods:METHODS",
    "FastbootClient": "pmport.flashers.fastboot_client:FastbootClient",
    "FastbootFlasher": "pmport.flashers.fastboot:FastbootFlasher",
    "Flasher": "pmport.flashers.methods:Flasher",
    "open": "pmport.flashers.methods:open",
}

__all__ = ["METHODS", "FastbootClient", "FastbootFlasher", "Flasher", "open"]

__getattr__, __dir__ = lazily(__name__, _NAMES)

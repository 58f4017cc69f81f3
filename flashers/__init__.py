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
    from pmport.flashers.fastboot.client import FastbootClient
    from pmport.flashers.fastboot.flasher import FastbootFlasher
    from pmport.flashers.methods import METHODS, Flasher, open
    from pmport.flashers.nokia.fiasco_plan import plan_fiasco
    from pmport.flashers.nokia.flasher import NokiaFlasher, plan_images
    from pmport.flashers.samsung.flasher import HeimdallFlasher

_NAMES = {
    "METHODS": "pmport.flashers.methods:METHODS",
    "FastbootClient": "pmport.flashers.fastboot.client:FastbootClient",
    "FastbootFlasher": "pmport.flashers.fastboot.flasher:FastbootFlasher",
    "Flasher": "pmport.flashers.methods:Flasher",
    "HeimdallFlasher": "pmport.flashers.samsung.flasher:HeimdallFlasher",
    "NokiaFlasher": "pmport.flashers.nokia.flasher:NokiaFlasher",
    "plan_fiasco": "pmport.flashers.nokia.fiasco_plan:plan_fiasco",
    "plan_images": "pmport.flashers.nokia.flasher:plan_images",
    "open": "pmport.flashers.methods:open",
}

__all__ = [
    "METHODS",
    "FastbootClient",
    "FastbootFlasher",
    "Flasher",
    "HeimdallFlasher",
    "NokiaFlasher",
    "open",
    "plan_fiasco",
    "plan_images",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)

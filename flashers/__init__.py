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
    from pmport.flashers.fastboot.client import FastbootClient as FastbootClient
    from pmport.flashers.fastboot.flasher import FastbootFlasher as FastbootFlasher
    from pmport.flashers.methods import METHODS as METHODS, Flasher as Flasher, open as open
    from pmport.flashers.nokia.flasher import NokiaFlasher as NokiaFlasher
    from pmport.flashers.samsung.flasher import HeimdallFlasher as HeimdallFlasher, SamsungFlasher as SamsungFlasher
    from pmport.generate.plans.fiasco import plan_fiasco as plan_fiasco
    from pmport.generate.plans.nokia import plan_images as plan_images
else:
    _PUBLIC = {
        "pmport.flashers.fastboot.client": "FastbootClient",
        "pmport.flashers.fastboot.flasher": "FastbootFlasher",
        "pmport.flashers.methods": "METHODS Flasher open",
        "pmport.flashers.nokia.flasher": "NokiaFlasher",
        "pmport.flashers.samsung.flasher": "HeimdallFlasher SamsungFlasher",
        "pmport.generate.plans.fiasco": "plan_fiasco",
        "pmport.generate.plans.nokia": "plan_images",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

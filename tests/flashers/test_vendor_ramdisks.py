"""One ramdisk of a vendor boot image is replaced on the phone; the rest of the image keeps its bytes."""

from __future__ import annotations

import pytest

from pmport import flashers, generate
from pmport.device_db import Device, Flash
from pmport.errors import PlanError
from pmport.formats.boot.vendor_image import Fragment, VendorBoot
from pmport.virtual import FastbootPhone, Partition, PyusbBackend

DEVICE = Device("acme-argon", flash=Flash(method="fastboot"))
SIZE = 1 << 20


def phone(image: VendorBoot) -> FastbootPhone:
    return FastbootPhone("fastbootd", {"vendor_boot": Partition(SIZE, bytes(image))})


def flashed(device: FastbootPhone, role: str) -> VendorBoot:
    plan = generate.flash_plan(DEVICE, {role: b"another ramdisk"})
    with flashers.open("fastboot", backend=PyusbBackend([device])) as flasher:
        flasher.run(plan)
    return VendorBoot.parse(device.partitions["vendor_boot"].read(0, SIZE))


def test_a_named_ramdisk_is_replaced() -> None:
    ramdisks = [Fragment("platform", b"platform ramdisk"), Fragment("dlkm", b"dlkm ramdisk")]
    made = flashed(phone(VendorBoot.build(ramdisks, b"dtb", header_version=4, cmdline="quiet")), "vendor_boot:dlkm")
    assert [fragment.section.read() for fragment in made.fragments] == [b"platform ramdisk", b"another ramdisk"]
    assert made.cmdline == "quiet"


def test_default_means_the_only_one() -> None:
    made = flashed(phone(VendorBoot.build(b"ramdisk", b"dtb", header_version=3)), "vendor_boot:default")
    assert [fragment.section.read() for fragment in made.fragments] == [b"another ramdisk"]


def test_another_name_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(PlanError, match="'platform'"):
        flashed(
            phone(VendorBoot.build([Fragment("platform", b"x")], b"dtb", header_version=4)),
            "vendor_boot:nope",
        )


def test_a_phone_with_a_low_battery_is_not_flashed() -> None:
    device = FastbootPhone(
        "lk2nd", {"boot": Partition(SIZE)}, variables={"battery-soc-ok": "no", "battery-voltage": "3301mV"}
    )
    plan = generate.flash_plan(DEVICE, {"userdata": b"x" * 100})
    with flashers.open("fastboot", backend=PyusbBackend([device])) as flasher, pytest.raises(PlanError, match="3301mV"):
        flasher.run(plan)

"""What is generated is accepted by the tools that read it, says what the record says, and asks for what is not known."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pmport
from pmport import demo, device_db, generate
from pmport.device_db import search_index
from pmport.formats.boot.image import BootImage
from pmport.formats.reports.deviceinfo import DeviceInfo

CODENAMES = device_db.codenames()
BUILDERS: dict[str, Callable[..., str]] = {
    "extlinux": generate.extlinux,
    "flash_script": generate.flash_script,
    "halium": generate.halium_deviceinfo,
    "lk2nd": generate.lk2nd_node,
    "mobile_nixos": generate.mobile_nixos,
}


@pytest.mark.parametrize("name", BUILDERS)
def test_every_record_generates_for_everybody(name: str) -> None:
    for codename in CODENAMES:
        assert BUILDERS[name](device_db.load(codename)).endswith("\n")


def with_addresses() -> list[device_db.Device]:
    """Records whose boot image has addresses in its header: v0 to v2, not Marvell's, v2 with the device tree's address."""
    devices = [device_db.load(row.codename) for row in search_index.rows() if None not in row.addresses]
    return [
        device
        for device in devices
        if device.boot.generate
        and not device.boot.pxa
        and (version := device.boot.header_version or 0) <= 2
        and (version < 2 or device.boot.addresses.dtb is not None)
    ]


@pytest.mark.parametrize("device", with_addresses(), ids=lambda device: device.codename)
def test_an_image_built_from_a_record_drafts_the_same_boot_parameters(device: device_db.Device) -> None:
    boot, addresses = device.boot, device.boot.addresses
    version = boot.header_version or 0
    options: dict[str, Any] = {"dtb": demo.device_tree(), "dtb_addr": addresses.dtb} if version == 2 else {}
    options |= {f"{name}_addr": getattr(addresses, name) or 0 for name in ("kernel", "ramdisk", "second", "tags")}
    options |= {"header_version": version, "page_size": boot.page_size or 2048}
    image = BootImage.build(demo.kernel(), demo.ramdisk(), second=b"second", **options)
    again = device_db.draft(pmport.facts.of(pmport.open(bytes(image))), codename=device.codename).device.boot
    for name in ("kernel", "ramdisk", "tags"):
        assert getattr(again.addresses, name) == getattr(addresses, name)
    if addresses.second:
        assert again.addresses.second == addresses.second
    if version == 2:
        assert again.addresses.dtb == addresses.dtb
    assert again.page_size == (boot.page_size or 2048)
    assert (again.header_version or 0) == version


def test_the_script_is_one_that_sh_accepts_and_looks_at_the_product_first() -> None:
    device = device_db.parse(
        'codename = "acme-argon"\n[flash]\nmethod = "fastboot"\nproducts = ["argon", "argon_eu"]\n'
    )
    script = generate.flash_script(device)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert script.index("argon | argon_eu") < script.index("flash userdata")
    assert "not by fastboot" in generate.flash_script(device_db.load("nokia-n900"))


def test_halium_has_its_own_names_for_things() -> None:
    info = DeviceInfo.parse(generate.halium_deviceinfo(device_db.load("samsung-crespo")))
    assert info["arch"] == "armhf"
    assert info["codename"] == "crespo"
    assert info["flash_offset_base"] == "0x30000000"


def test_halium_gets_the_kernel_that_is_named_and_no_suffix_of_another_distribution() -> None:
    device = device_db.load("xiaomi-lavender-downstream")
    asked = generate.halium_deviceinfo(device)
    assert "# deviceinfo_kernel_source: not known yet" in asked
    given = generate.halium_deviceinfo(
        device,
        kernel_source="https://example.org/k",
        branch="halium-10",
        defconfig="lavender_defconfig",
        halium_version="10",
    )
    info = DeviceInfo.parse(given)
    assert info["codename"] == "lavender"
    assert info["kernel_defconfig"] == "lavender_defconfig halium.config"
    assert info["halium_version"] == "10"


def test_what_is_not_known_is_asked_for_by_name() -> None:
    empty = device_db.Device("acme-argon")
    assert "# soc: not known yet" in generate.mobile_nixos(empty)
    assert "# deviceinfo_arch: not known yet" in generate.halium_deviceinfo(empty)
    assert 'url=""  # not known yet' in generate.kernel_files(empty)["APKBUILD"]


@pytest.mark.parametrize("mainline", [True, False])
def test_the_kernel_package_is_shell_and_names_its_parts(mainline: bool, tmp_path: Path) -> None:
    device = device_db.load("samsung-crespo")
    files = generate.kernel_files(
        device, mainline=mainline, version="3.0.101", source="https://example.org/kernel", commit="abc"
    )
    subprocess.run(["sh", "-n"], input=files["APKBUILD"], text=True, check=True)
    script = files["APKBUILD"] + '\nprintf "%s %s %s" "$pkgname" "$_carch" "$_config"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert shell.stdout == "linux-samsung-crespo arm config-samsung-crespo.armv7"


def test_every_line_can_be_explained() -> None:
    draft = device_db.draft(pmport.facts.of(demo.stock_image()), codename="acme-argon", year=2018)
    rows = {row[0]: row[1:] for row in generate.explain(draft).cells}
    assert rows["deviceinfo_flash_pagesize"] == ("2048", "boot image header", "0x24")
    assert rows["deviceinfo_year"][1] == "you said so"
    assert rows["deviceinfo_format_version"][1] == "the format's own"


@pytest.mark.parametrize("mainline", [True, False])
def test_names_that_a_shell_would_expand_stay_text(mainline: bool) -> None:
    device = device_db.Device("acme-argon", name='Acme 13" $(touch x) `y`', arch="aarch64")
    maintainer = 'A "$B" <a@example.org>'
    for text in (
        generate.kernel_files(device, mainline=mainline, version="6.1", maintainer=maintainer)["APKBUILD"],
        generate.device_package(device, maintainer=maintainer)["APKBUILD"],
    ):
        script = f'{text}\nprintf "%s\\n" "$pkgdesc" "$maintainer"'
        said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout.splitlines()
        assert said[-2].startswith(device.name)
        assert said[-1] == maintainer

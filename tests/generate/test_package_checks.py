"""The generated packages pass the checks that the distribution's own CI makes, for every record that is one of its ports."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from debian import unpacked

from pmport import device_db, generate
from pmport.device_db.pmaports_import import Apkbuild

PORTS = [device for device in device_db.records() if device.category != "none"]
LINE = re.compile(r'^deviceinfo_[a-zA-Z0-9_]*=".*"(\s*# .*)?$')
by_codename = pytest.mark.parametrize("device", PORTS, ids=lambda device: device.codename)


@by_codename
def test_a_package_passes_the_distributions_checks(device: device_db.Device) -> None:
    files = generate.device_package(device)
    package = Apkbuild.parse(files["APKBUILD"])
    for line in files["deviceinfo"].splitlines():
        assert not line or line.startswith("#") or LINE.match(line)
        assert not line.endswith('\\"')
    assert device.name.startswith((device.manufacturer, "Google", "Jolla"))
    assert package.words("arch") == (device.arch,)
    assert "postmarketos-base" in package.words("depends")
    assert "!archcheck" in package.words("options")
    kernels = [name for name in package.words("depends") if name.startswith("linux-") and "firmware" not in name]
    in_subpackages = [name for name in package.words("subpackages") if "-kernel-" in name]
    assert len(kernels) == (0 if in_subpackages else 1)
    assert set(package.words("source")) == files.keys() - {"APKBUILD"}
    for name in package.words("source"):
        digest = hashlib.sha512(files[name].encode("utf-8", "surrogateescape")).hexdigest()
        assert f"{digest}  {name}\n" in files["APKBUILD"]


def test_firmware_that_is_not_free_is_a_subpackage_to_choose() -> None:
    device = device_db.load("acer-t01")
    package = Apkbuild.parse(generate.device_package(device)["APKBUILD"])
    assert "device-acer-t01-nonfree-firmware:nonfree_firmware" in package.words("subpackages")
    wanted = ("firmware-acer-t01-wcnss-nv", "firmware-qcom-adreno-a300")
    assert package.words("depends", "nonfree_firmware") == wanted
    assert not set(wanted) & set(package.words("depends"))


def test_firmware_that_the_package_depends_on_is_not_asked_for_twice() -> None:
    package = Apkbuild.parse(generate.device_package(device_db.load("oneplus-enchilada"))["APKBUILD"])
    assert "firmware-oneplus-sdm845>=9" in package.words("depends")
    assert not package.words("subpackages")


def test_the_matrix_of_a_touch_screen_becomes_a_udev_rule_and_a_file_name_does_not() -> None:
    files = generate.device_package(device_db.load("samsung-zanin"))
    assert 'ENV{WL_CALIBRATION}="1 0 0 0 1 0"' in files["90-touchscreen.rules"]
    assert "usr/lib/udev/rules.d" in files["APKBUILD"]
    assert "90-touchscreen.rules" not in generate.device_package(device_db.load("hisense-m470bsa"))


def test_every_apkbuild_is_one_that_sh_accepts(tmp_path: Path) -> None:
    for device in PORTS:
        (tmp_path / device.codename).write_text(generate.device_package(device)["APKBUILD"], encoding="utf-8")
    for path in tmp_path.iterdir():
        subprocess.run(["/bin/sh", "-n", str(path)], check=True)


@pytest.mark.online
@pytest.mark.judge
def test_pmbootstraps_own_parser_reads_the_packages_as_pmport_means_them(tmp_path: Path) -> None:
    for device in PORTS:
        folder = tmp_path / f"device-{device.codename}"
        folder.mkdir()
        for name, text in generate.device_package(device).items():
            (folder / name).write_text(text, encoding="utf-8")
    pmbootstrap = unpacked("pmbootstrap", "all", "forky") / "usr/lib/python3/dist-packages"
    reader = Path(__file__).parent / "pmbootstrap_reader.py"
    output = subprocess.run(
        [sys.executable, str(reader), str(pmbootstrap), str(tmp_path)], check=True, capture_output=True, text=True
    ).stdout
    understood: dict[str, dict[str, Any]] = json.loads(output[output.index("{") :])
    assert len(understood) == len(PORTS)
    for device in PORTS:
        package = understood[f"device-{device.codename}"]
        assert "".join(package["arch"]) == device.arch
        assert set(package["depends"]) >= {"postmarketos-base", *device.package.depends}
        variants = {name: variant for name, variant in device.variants.items() if variant.kernels}
        for name, variant in variants.items():
            part = package["subpackages"][f"device-{device.codename}-kernel-{name}"]
            assert part["depends"] == list(variant.kernels)

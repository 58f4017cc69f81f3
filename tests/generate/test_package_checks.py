"""The generated packages pass the checks that the distribution's own CI makes, for every record that is one of its ports."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from debian import unpacked
from support import MIRRORS

from pmport import device_db, generate
from pmport.device_db.pmaports_import import Apkbuild

PORTS = [device for device in device_db.records() if device.category != "none"]
PMAPORTS = MIRRORS / "pmaports"
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


def test_firmware_is_depended_on_as_the_distribution_wants_it() -> None:
    """Its CI refuses subpackages for firmware that is not free."""
    package = Apkbuild.parse(generate.device_package(device_db.load("acer-t01"))["APKBUILD"])
    assert {"firmware-acer-t01-wcnss-nv", "firmware-qcom-adreno-a300"} <= set(package.words("depends"))
    assert not package.words("subpackages")


def test_firmware_that_the_package_depends_on_is_not_asked_for_twice() -> None:
    package = Apkbuild.parse(generate.device_package(device_db.load("oneplus-enchilada"))["APKBUILD"])
    assert [name for name in package.words("depends") if name.startswith("firmware-oneplus-sdm845")] == [
        "firmware-oneplus-sdm845-sensors",
        "firmware-oneplus-sdm845>=9",
    ]


def test_what_has_to_be_filled_in_is_said_at_the_top() -> None:
    text = generate.device_package(device_db.Device("acme-argon"))["APKBUILD"]
    assert text.startswith('# To fill in: maintainer="Your Name <your address>"\n# To fill in: arch')
    text = generate.device_package(device_db.load("nokia-n900"), maintainer="A Porter <a@example.org>")["APKBUILD"]
    assert 'maintainer="A Porter <a@example.org>"\n' in text
    assert "To fill in" not in text


def test_why_a_port_is_archived_is_kept() -> None:
    text = generate.device_package(device_db.load("acer-t01"), maintainer="x")["APKBUILD"]
    assert text.startswith("# Archived: unmaintained\n")


def test_each_variant_has_its_own_modules_and_parameters() -> None:
    files = generate.device_package(device_db.load("xiaomi-beryllium"))
    assert {"modules-initfs.ebbg", "modules-initfs.tianma"} <= files.keys()


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


def _tree_of_ports(folder: Path) -> None:
    """A checkout that holds the generated packages, and a kernel package of both kinds for every tenth port."""
    for name in ("pmaports.cfg", "kconfigcheck.toml", "deviceinfo_schema.toml", ".ci"):
        source = PMAPORTS / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    maintainers = "# Co-Maintainer: B <b@example.org>"
    for index, device in enumerate(PORTS):
        packages = {f"device-{device.codename}": generate.device_package(device, maintainer="A <a@example.org>")}
        if index % 10 == 0:
            for kind, mainline in (("mainline", True), ("vendor", False)):
                kernel = replace(device, codename=f"{device.codename}-{kind}")
                packages[f"linux-{kernel.codename}"] = generate.kernel_files(
                    kernel,
                    mainline=mainline,
                    version="6.1",
                    source="https://example.org/k",
                    commit="c0ffee",
                    maintainer="A <a@example.org>",
                )
        for name, files in packages.items():
            target = folder / "device" / ("downstream" if name.endswith("-vendor") else device.category) / name
            target.mkdir(parents=True)
            for file, text in files.items():
                first = f"{maintainers}\n" if file == "APKBUILD" and device.category == "main" else ""
                (target / file).write_text(first + text, encoding="utf-8")


@pytest.mark.skipif(not PMAPORTS.exists(), reason=f"a checkout of pmaports is not here: {PMAPORTS}")
def test_pmaports_own_ci_takes_every_package(tmp_path: Path) -> None:
    pmbootstrap = PMAPORTS.parent / "pmbootstrap"
    _tree_of_ports(tmp_path)
    config = tmp_path / ".ci/testcases/conftest.py"
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    bare = "import pmb\npmb.__version__ = '99.0.0'\n"  # the checkout asks for a newer one than the one beside it
    config.write_text(bare + config.read_text(encoding="utf-8"), encoding="utf-8")
    cases = [
        f".ci/testcases/test_{name}.py" for name in ("device", "deviceinfo", "kernel", "source", "directory_structure")
    ]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-c",
        "pytest.ini",
        "--rootdir=.",
        *cases,
    ]
    environment = {**os.environ, "PYTHONPATH": str(pmbootstrap)}
    answer = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    script = "id() { echo 1000; }\n. .ci/grep.sh"  # as root it would install packages
    command = ["sh", "-e", "-c", script]
    answer = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert answer.returncode == 0, answer.stdout + answer.stderr

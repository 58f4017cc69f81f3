"""A factory package is flashed in the order that it names, to the phone that it is for, through fastbootd where it must."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from support import judge

import pmport
from pmport import flashers, generate
from pmport.cli import pmport as command
from pmport.errors import FormatError, PlanError
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.packages.factory_info import factory_steps, requirements
from pmport.formats.storage.sparse import SparseImage
from pmport.plan import Verb
from pmport.virtual import FastbootPhone, NetworkPhone, Partition, PyusbBackend

if TYPE_CHECKING:
    from pmport.formats.reports.getvars import GetVars

INFO = "require board=argon|argon_*\nreject version-bootloader=0.1\nrequire partition-exists=boot\n"
STEPS = "version 1\nflash boot\nflash --apply-vbmeta vbmeta\nreboot fastboot\nupdate-super\nflash system\nif-wipe erase userdata\n"
BOOT = b"ANDROID!" + bytes(5000)


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def package(**changes: bytes | None) -> bytes:
    files: dict[str, bytes | None] = {
        "android-info.txt": INFO.encode(),
        "fastboot-info.txt": STEPS.encode(),
        "boot.img": BOOT,
        "vbmeta.img": bytes(VbMeta.build()),
        "system.img": bytes(SparseImage.build(b"system! " * 4096)),
        "super_empty.img": b"\xff" * 4096,
    }
    files |= {
        name.replace("__", "-").replace("_txt", ".txt").replace("_img", ".img"): data for name, data in changes.items()
    }
    return zipped({name: data for name, data in files.items() if data is not None})


def phone(product: str = "argon_eu") -> FastbootPhone:
    partitions = {
        name: Partition(1 << 20, logical=name == "system") for name in ("boot", "vbmeta", "system", "userdata", "super")
    }
    return FastbootPhone("abl", partitions, variables={"product": product, "version-bootloader": "1.2"})


def variables(product: str = "argon_eu") -> GetVars:
    with flashers.open("fastboot", backend=PyusbBackend([phone(product)])) as flasher:
        told: GetVars = flasher.client.getvars()
        return told


def test_the_plan_follows_the_packages_own_order() -> None:
    plan = generate.factory_plan(pmport.open(package()), variables())
    assert [(step.verb, step.partition, step.argument) for step in plan.steps] == [
        (Verb.FLASH, "boot", ""),
        (Verb.FLASH, "vbmeta", ""),
        (Verb.REBOOT, "", "fastboot"),
        (Verb.STAGE, "super_empty", ""),
        (Verb.COMMAND, "", "update-super:super"),
        (Verb.FLASH, "system", ""),
        (Verb.REBOOT, "", ""),
    ]
    wiped = generate.factory_plan(pmport.open(package()), variables(), wipe=True)
    assert (Verb.ERASE, "userdata") in [(step.verb, step.partition) for step in wiped.steps]


def test_a_package_inside_a_package_is_found_and_the_usual_order_taken() -> None:
    inner = package(fastboot__info_txt=None)
    outer = zipped({"argon-1/bootloader.img": b"x", "argon-1/image-argon-1.zip": inner})
    plan = generate.factory_plan(pmport.open(outer), variables())
    assert [step.partition for step in plan.steps if step.verb is Verb.FLASH] == ["boot", "vbmeta", "system"]


def test_flags_of_verified_boot_go_into_the_vbmeta_image() -> None:
    plan = generate.factory_plan(pmport.open(package()), variables(), disable=("verity", "verification"))
    image = next(step.image for step in plan.steps if step.partition == "vbmeta")
    assert image is not None
    assert VbMeta.parse(image.section).flags == 3
    assert [finding.code for finding in plan.findings] == ["stale-signature"]
    with pytest.raises(PlanError, match="cannot be switched off"):
        generate.factory_plan(pmport.open(package()), variables(), disable=("root",))


@pytest.mark.parametrize(
    ("data", "product", "words"),
    [
        (package(android__info_txt=None), "argon", "no android-info.txt"),
        (package(), "bromine", "wants product to be argon or argon_"),
        (package(android__info_txt=b"reject version-bootloader=1.2"), "argon", "anything but 1.2"),
        (package(android__info_txt=b"require partition-exists=nope"), "argon", "wants a partition nope"),
        (package(boot_img=None), "argon", "no boot.img"),
        (package(boot_img=None, fastboot__info_txt=None), "argon", "no boot.img"),
        (package(boot_img=b""), "argon", "empty"),
    ],
)
def test_a_package_for_another_phone_or_without_its_images_is_refused(data: bytes, product: str, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        generate.factory_plan(pmport.open(data), variables(product))


@pytest.mark.parametrize("text", ["demand board=x", "require board", "require:x board=y"])
def test_a_broken_requirement_is_told_with_its_line(text: str) -> None:
    with pytest.raises(FormatError, match="line 2"):
        requirements(f"# a comment\n{text}")


@pytest.mark.parametrize(
    "text", ["version 2", "flash", "flash --other boot", "reboot moon", "erase", "update-super now", "dance"]
)
def test_a_broken_step_is_told_with_its_line(text: str) -> None:
    with pytest.raises(FormatError, match="line 2"):
        factory_steps(f"version 1\n{text}")


def test_the_phone_is_flashed_through_fastbootd_and_found_again() -> None:
    device = phone()
    with flashers.open("fastboot", backend=PyusbBackend([device])) as flasher:
        flasher.run(generate.factory_plan(pmport.open(package()), flasher.client.getvars()))
    assert device.partitions["boot"].read(0, len(BOOT)) == BOOT
    assert device.partitions["system"].read(0, 8) == b"system! "
    commands = device.model.commands
    assert commands.index("reboot-fastboot") < commands.index("update-super:super") < commands.index("flash:system")


@pytest.mark.judge
def test_the_real_fastboot_sends_the_same_flashes(tmp_path: Path) -> None:
    """AOSP's client on the same package, without a reboot in the middle, which it does not survive on a network."""
    files = {"fastboot__info_txt": None, "super_empty_img": None}
    (tmp_path / "update.zip").write_bytes(package(**files))
    theirs, ours = phone("argon"), phone("argon")
    with NetworkPhone(theirs) as server:
        program = judge("fastboot", "fastboot")
        command_line = [program, "-s", f"tcp:127.0.0.1:{server.port}", "--skip-reboot", "update", "update.zip"]
        run = subprocess.run(command_line, cwd=tmp_path, check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    with flashers.open("fastboot", backend=PyusbBackend([ours])) as flasher:
        node = pmport.open(tmp_path / "update.zip")
        flasher.run(generate.factory_plan(node, flasher.client.getvars(), reboot=False))
    flashed = [[line for line in device.model.commands if line.startswith("flash:")] for device in (theirs, ours)]
    assert flashed[0] == flashed[1]
    for name in ("boot", "vbmeta", "system"):
        assert theirs.partitions[name].read(0, 1 << 16) == ours.partitions[name].read(0, 1 << 16)


def test_the_command_prints_the_plan(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(package(android__info_txt=b"require board=lk2nd-*\n"))
    run = CliRunner().invoke(command, ["update", str(tmp_path / "a.zip"), "--virtual", "lk2nd", "--dry-run"])
    assert run.exit_code == 0, run.output
    assert "flash vbmeta" in run.output

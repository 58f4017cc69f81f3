"""A factory package is flashed in the order that it names, to the phone that it is for, through fastbootd where it must."""

from __future__ import annotations

import io
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from support import judge

import pmport
from pmport import flashers, generate
from pmport.cli import pmport as command
from pmport.errors import FormatError, PlanError, RefusedError
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.packages.factory_info import factory_steps, requirements
from pmport.formats.reports.getvars import GetVars
from pmport.formats.storage.sparse import SparseImage
from pmport.plan import FlashPlan, Verb
from pmport.virtual import FastbootPhone, NetworkPhone, Partition, PyusbBackend

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


@pytest.mark.parametrize(
    ("line", "want"),
    [
        ("require product=a|b ", ("product", (), ("a", "b"), False)),
        ("board=a", ("product", (), ("a",), False)),
        ("require\tversion-bootloader\t= 1 | 2", ("version-bootloader", (), ("1", "2"), False)),
        ("reject   product=a", ("product", (), ("a",), True)),
        ("require-for-product:x version-baseband=1", ("version-baseband", ("x",), ("1",), False)),
        ("require-for-product: x version-baseband=1", ("version-baseband", ("x",), ("1",), False)),
        ("require partition-exists=vendor", ("partition-exists", (), ("vendor",), False)),
        ("require product=", ("product", (), ("",), False)),
    ],
)
def test_requirements_are_read_as_aosp_reads_them(
    line: str, want: tuple[str, tuple[str, ...], tuple[str, ...], bool]
) -> None:
    (row,) = requirements(line)
    assert (row.variable, (row.product,) if row.product else (), row.values, row.reject) == want


@pytest.mark.parametrize("line", ["nothing", "=", "|", "require", "require x", "reject ", "require-for-product:x", "require-for-product:x y"])  # fmt: skip
def test_what_aosp_calls_a_syntax_error_is_one(line: str) -> None:
    with pytest.raises(FormatError, match="line 1"):
        requirements(line)


@pytest.mark.parametrize(
    "line",
    ["if-wipe", "if-wipe flash", "wipe x", "version", "version 01.0", "version x", "version ²", "update-super x", "flash a b c", "reboot a b"],
)  # fmt: skip
def test_what_is_no_step_is_refused(line: str) -> None:
    with pytest.raises(FormatError, match="line 1"):
        factory_steps(line)


def plan_of(data: bytes, more: dict[str, str] | None = None, *, wipe: bool = False) -> FlashPlan:
    told = GetVars({**variables().variables, **(more or {})})
    with pmport.open(data) as node:
        return generate.factory_plan(node, told, wipe=wipe)


def test_what_the_phone_does_not_tell_is_a_warning() -> None:
    plan = plan_of(package(android__info_txt=b"require version-touch=1\n"))
    assert [finding.code for finding in plan.findings] == ["not-told"]
    with pytest.raises(PlanError, match="wants version-touch to be 1"):
        plan_of(package(android__info_txt=b"require version-touch=1\n"), {"version-touch": "2"})


def test_the_slot_is_set_and_a_waiting_update_is_cancelled_first() -> None:
    slots = {"slot-count": "2", "current-slot": "b"}
    plan = plan_of(package(), {**slots, "snapshot-update-status": "snapshotted"})
    assert [step.title for step in plan.steps[:2]] == ["set active slot b", "command snapshot-update:cancel"]
    assert plan_of(package(), {"snapshot-update-status": "none"}).steps[0].title == "flash boot"


def test_a_wipe_erases_all_that_holds_the_users_data() -> None:
    told = {"partition-type:metadata": "ext4", "partition-type:cache": "ext4"}
    plan = plan_of(package(), told, wipe=True)
    assert [step.partition for step in plan.steps if step.verb is Verb.ERASE] == ["userdata", "cache", "metadata"]
    assert "update-super:super:wipe" in [step.argument for step in plan.steps]
    with pytest.raises(RefusedError):
        replace(plan, allow=())


@pytest.mark.parametrize(("size", "fits"), [(-1, True), (0, True), (1, False)])
def test_an_image_that_exactly_fills_its_partition_fits(size: int, fits: bool) -> None:
    data = package(boot_img=b"ANDROID!" + bytes((1 << 20) - 8 + size))
    if fits:
        assert plan_of(data).steps
    else:
        with pytest.raises(PlanError, match="boot has 1048576"):
            plan_of(data)


def test_two_members_with_one_name_are_refused() -> None:
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("boot.img", b"ANDROID! another")
    with pytest.raises(FormatError, match=r"two members named 'boot\.img'"):
        plan_of(out.getvalue())


def test_a_file_of_the_same_name_elsewhere_is_not_taken() -> None:
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("old/boot.img", b"ANDROID! another")
    image = next(step.image for step in plan_of(out.getvalue()).steps if step.partition == "boot")
    assert image is not None
    assert image.section.read() == BOOT


def test_a_link_is_no_image() -> None:
    info = zipfile.ZipInfo("boot.img")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    out = io.BytesIO(package(boot_img=None))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(info, "../../etc/passwd")
    with pytest.raises(FormatError, match="is a symbolic link"):
        plan_of(out.getvalue())


def test_an_encrypted_member_is_no_image() -> None:
    data = bytearray(package())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:  # the flag of each entry of the central directory
        data[at + 8] |= 1
        at += 4
    with pytest.raises(FormatError, match="is encrypted"):
        plan_of(bytes(data))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO(package(system_img=None))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("system.img", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(PlanError, match="as no image does"):
        plan_of(out.getvalue())
    sized = io.BytesIO(package(boot_img=None))
    with zipfile.ZipFile(sized, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("boot.img", b"ANDROID!" + bytes(8 << 20))
    with pytest.raises(PlanError, match="boot has 1048576"):
        plan_of(sized.getvalue())


def test_a_package_of_very_many_members_is_planned() -> None:
    many = {f"extra/{number}": b"" for number in range(30_000)}
    out = io.BytesIO(package())
    with zipfile.ZipFile(out, "a") as archive:
        for name in many:
            archive.writestr(name, b"")
    assert plan_of(out.getvalue()).steps


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


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_package_with_a_damaged_member_is_refused_before_anything_is_flashed(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("android-info.txt", INFO)
        archive.writestr("boot.img", BOOT)
    data = bytearray(out.getvalue())
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as archive:
        entry = archive.getinfo("boot.img")
    data[entry.header_offset + 30 + len("boot.img") + entry.compress_size // 2] ^= 0x40
    damaged = pmport.open(bytes(data))
    with pytest.raises(FormatError, match=r"Nothing was flashed"):
        generate.factory_plan(damaged, GetVars.parse(b"(bootloader) product:argon\n"))

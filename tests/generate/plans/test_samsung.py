"""Plans for download mode and NOLO: from records, from names, from firmware packages; refused before a phone is touched."""

from __future__ import annotations

import random
import zipfile
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from support import corpus_files, judge, real

import pmport
import pmport.flashers
from pmport import device_db
from pmport.cli import pmport as command
from pmport.errors import FormatError, PlanError, RefusedError
from pmport.flashers.samsung.client import LokeSettings
from pmport.formats.packages.fiasco import Fiasco, FiascoImage
from pmport.formats.packages.samsung import package_files
from pmport.formats.packages.tar import TarArchive
from pmport.formats.packages.zip import ZipArchive
from pmport.formats.storage.pit import Pit, PitEntry
from pmport.formats.storage.pit_text import check, differences, heimdall_text
from pmport.formats.storage.sparse import SparseImage
from pmport.formats.streams.codecs import compress
from pmport.virtual import LokePhone, PyusbBackend

REAL = corpus_files("pit")
QUICK = LokeSettings(settle=0, answer=0.1, greeting=0.1, part=0.1, sequence_end=0.1, reboot=0.1, empty_packet=0.02)


def data(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.fixture
def table() -> Pit:
    return Pit.parse(LokePhone().table)


@pytest.fixture
def package() -> bytes:
    """AP and BL archives in a zip file, as firmware is handed around."""
    boot = {"boot.img.lz4": compress(data(9000, 1), "lz4"), "recovery.img": data(5000, 2), "readme.txt": b"no"}
    listed = {"meta-data/download-list.txt": b"recovery.img\nboot.img.lz4\nreadme.txt\n"}
    inner = {
        "AP_X.tar.md5": bytes(TarArchive.build({**boot, **listed}, md5_name="AP_X.tar")),
        "BL_X.tar.md5": bytes(TarArchive.build({"sboot.bin": data(4000, 3)}, md5_name="BL_X.tar")),
    }
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in inner.items():
            target.writestr(name, content)
    return out.getvalue()


# ----- plans


def test_roles_come_from_the_record(table: Pit) -> None:
    codename = "samsung-a5xelte"
    plan = pmport.generate.flash_plan(device_db.load(codename), {"boot": b"ANDROID!"}, table)
    assert [step.title for step in plan.steps] == ["flash BOOT", "reboot"]
    assert plan.preconditions.partition_sizes == {"BOOT": 128 << 20}
    unknown = pmport.generate.flash_plan(device_db.load(codename), {"boot": b"ANDROID!"})
    assert {finding.code for finding in unknown.findings} == {"no-table", "not-verified"}


def test_a_boot_image_must_be_one(table: Pit) -> None:
    with pytest.raises(PlanError, match="no Android boot image"):
        pmport.generate.flash_plan(device_db.load("samsung-a5xelte"), {"boot": b"zImage"}, table)


def test_an_ordinary_sparse_image_is_warned_of(table: Pit) -> None:
    sparse = SparseImage.build(random.Random(1).randbytes(31 << 20))
    plan = pmport.generate.samsung_plan({"SYSTEM": sparse}, table)
    assert "android-sparse" in [finding.code for finding in plan.findings]


def test_isorec_is_explained() -> None:
    plan = pmport.generate.flash_plan(
        device_db.load("samsung-i9100-downstream"), {"kernel": b"zImage", "initfs": b"cpio"}
    )
    assert "isorec" in [finding.code for finding in plan.findings]
    assert len(plan.steps) == 3


def test_a_nokia_is_planned_too() -> None:
    kernel = bytes(36) + b"\x18\x28\x6f\x01"
    plan = pmport.generate.flash_plan(device_db.load("nokia-n900"), {"boot": kernel})
    assert [step.title for step in plan.steps] == ["flash kernel", "reboot"]
    loaded = pmport.generate.flash_plan(device_db.load("nokia-n900"), {"boot": kernel}, boot_only=True)
    assert [step.title for step in loaded.steps] == ["stage kernel", "boot"]


def test_what_does_not_fit_is_refused(table: Pit, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no partition 'boot'"):
        pmport.generate.samsung_plan({"boot": b"x"}, table)
    with pytest.raises(PlanError, match="RECOVERY has 134217728"):
        pmport.generate.samsung_plan({"10": pmport.Section.zeros(129 << 20)}, table)
    with pytest.raises(PlanError, match="is empty"):
        pmport.generate.samsung_plan({"BOOT": b""}, table)
    with pytest.raises(PlanError, match="is a directory"):
        pmport.generate.samsung_plan({"BOOT": tmp_path}, table)
    with pytest.raises(RefusedError, match="boot chain"):
        pmport.generate.samsung_plan({"80": b"x"}, table)
    with pytest.raises(RefusedError, match="partition table"):
        pmport.generate.samsung_plan({"PIT": bytes(table)}, table)
    plan = pmport.generate.samsung_plan({"BOOT": b"x", "PIT": bytes(table)}, table, ["repartition"])
    assert [step.partition for step in plan.steps] == ["PIT", "BOOT", ""]


# ----- packages


def test_a_package_tells_its_files(package: bytes) -> None:
    files = package_files(ZipArchive.parse(package))
    assert [file.name for file in files] == ["recovery.img", "boot.img", "readme.txt", "sboot.bin"]
    assert files[1].section.read() == data(9000, 1)
    assert files[1].package == "AP_X.tar.md5"


def test_a_package_reaches_the_phone(package: bytes, table: Pit) -> None:
    node = ZipArchive.parse(package)
    with pytest.raises(RefusedError, match="BOOTLOADER"):
        pmport.generate.package_plan([node], table)
    plan = pmport.generate.package_plan([node], table, only=["boot.img.lz4", "RECOVERY", "readme.txt"])
    assert [finding.code for finding in plan.findings] == ["no-partition", "not-verified"]
    phone = LokePhone()
    with pmport.flashers.open("heimdall", backend=PyusbBackend([phone])) as flasher:
        flasher.client.settings = QUICK
        flasher.run(plan)
    assert phone.flashed == [("RECOVERY", 5000), ("BOOT", 9000)]
    assert phone.partitions["BOOT"].read(0, 9000) == data(9000, 1)
    assert phone.log.count("SESSION BEGIN 4") == 1


def test_the_packages_own_table(table: Pit) -> None:
    newer = bytes(Pit.build([*table, PitEntry("EXTRA", "extra.img", 99, block_count=64)]))
    node = TarArchive.build({"extra.img": b"extra", "new.pit": newer})
    with pytest.raises(PlanError, match="nothing that this phone's table"):
        pmport.generate.package_plan([node], table)
    plan = pmport.generate.package_plan([node], table, ["repartition"], repartition=True)
    assert [step.partition for step in plan.steps] == ["PIT", "EXTRA", ""]


def test_damaged_packages_are_refused(table: Pit) -> None:
    raw = bytearray(bytes(TarArchive.build({"boot.img": b"ANDROID!"}, md5_name="AP.tar")))
    raw[512] ^= 1
    with pytest.raises(FormatError, match=r"MD5 of AP\.tar is wrong"):
        pmport.generate.package_plan([TarArchive.parse(bytes(raw))], table)
    with pytest.raises(FormatError, match="not packed with LZ4"):
        package_files(TarArchive.build({"boot.img.lz4": b"ANDROID!"}))
    with pytest.raises(FormatError, match="no package"):
        package_files(table)


# ----- tables in words


@pytest.mark.judge
def test_heimdalls_words(tmp_path: Path) -> None:
    heimdall = judge("heimdall", "heimdall-flash")
    import subprocess  # noqa: PLC0415 - only here

    numbers = [(0, 0, 0, 0), (1, 1, 1, 1), (2, 2, 2, 2), (0, 3, 3, 3), (0, 4, 4, 4), (0, 8, 5, 5), (7, 9, 7, 8)]
    odd = Pit.build([PitEntry(f"P{n}", "f", n, b, d, a, u) for n, (b, d, a, u) in enumerate(numbers)], project="SOC")
    paths = [tmp_path / "odd.pit", *(real(path) for path in REAL[:2])]
    paths[0].write_bytes(bytes(odd))
    running = [subprocess.Popen([heimdall, "print-pit", "--file", str(path)], stdout=subprocess.PIPE) for path in paths]
    for path, process in zip(paths, running, strict=True):
        said = process.communicate(timeout=30)[0].decode("utf-8", "surrogateescape")
        ours = heimdall_text(Pit.parse(path.read_bytes()))
        assert said[said.index("Entry Count") :].rstrip() == ours.rstrip(), path.name


@given(st.integers(0, 5), st.sampled_from(["identifier", "block_count", "file", "attributes"]))
def test_a_change_is_told(index: int, field: str) -> None:
    from dataclasses import replace  # noqa: PLC0415 - only here

    before = Pit.parse(LokePhone().table)
    entries = list(before)
    old = getattr(entries[index], field)
    changed: dict[str, Any] = {field: "x" if field == "file" else old + 1}
    entries[index] = replace(entries[index], **changed)
    after = Pit.build(entries, project=before.project)
    (found,) = differences(before, after)
    assert (found.partition, found.field, found.before) == (entries[index].name, field, old)
    assert not list(differences(before, before))


def test_oddities_are_found(table: Pit) -> None:
    assert not list(check(table))
    twice = Pit.build([PitEntry("A", "a", 1, block_count=9000, start=9000), PitEntry("A", "a", 1, start=9001, block_count=1)])  # fmt: skip
    assert [item.code for item in check(twice)] == [
        "pit-name-twice", "pit-identifier-twice", "pit-file-twice", "pit-overlap",
    ]  # fmt: skip


# ----- the command


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> object:
    from pmport.flashers.samsung import client as loke_client  # noqa: PLC0415 - only here

    monkeypatch.setattr(loke_client, "time", SimpleNamespace(sleep=lambda _: None))

    def call(*words: object) -> Result:
        return CliRunner().invoke(command, [str(word) for word in words], standalone_mode=False)

    return call


def test_pit_on_the_command_line(run: object, tmp_path: Path) -> None:
    assert callable(run)
    file, other = tmp_path / "phone.pit", tmp_path / "other.pit"
    done = run("pit", "dump", "-o", file, "--virtual", "samsung")
    assert done.exception is None, done.output
    assert file.read_bytes() == LokePhone().table
    assert "RECOVERY" in run("pit", "show", file).output
    assert run("pit", "print", file).output.startswith("Entry Count: 6\n")
    assert run("pit", "diff", file, file).return_value == 0
    other.write_bytes(bytes(Pit.build([PitEntry("BOOT")])))
    assert run("pit", "diff", file, other).return_value == 1
    assert run("pit", "check", file).return_value == 0


def test_flashing_samsung_on_the_command_line(run: object, tmp_path: Path, package: bytes) -> None:
    assert callable(run)
    image, archive, pit = tmp_path / "boot.img", tmp_path / "firmware.zip", tmp_path / "phone.pit"
    image.write_bytes(b"ANDROID!")
    archive.write_bytes(package)
    pit.write_bytes(LokePhone().table)
    stay = run("flash", "--pit", pit, f"BOOT={image}", "--no-reboot", "--dry-run").output
    assert "reboot" not in stay
    assert "by heimdall" in run("flash", "--pit", pit, f"BOOT={image}", "--dry-run").output
    assert "no partition 'NOPE'" in str(run("flash", "--pit", pit, f"NOPE={image}", "--dry-run").exception)
    done = run("flash", "--method", "heimdall", f"BOOT={image}", "--virtual", "samsung-v3", "--json")
    assert "BytesMoved" in done.output
    planned = run("flash", "--package", archive, "--pit", pit, "boot.img", "--dry-run")
    assert "flash BOOT" in planned.output
    done = run("flash", "--package", archive, "boot.img", "RECOVERY", "--virtual", "samsung", "--json")
    assert done.exception is None
    assert done.output.count("StepFinished") == 3
    assert run("reboot", "download", "--virtual", "samsung").exception is None
    assert "name at least one" in str(run("flash").exception)


def test_nokia_on_the_command_line(run: object, tmp_path: Path) -> None:
    assert callable(run)
    kernel = tmp_path / "zImage"
    kernel.write_bytes(bytes(36) + b"\x18\x28\x6f\x01" + bytes(99))
    recorded = tmp_path / "n900.txt"
    recorded.write_text(run("nokia", "identify", "--virtual", "n900").output, encoding="utf-8")
    with pmport.open(recorded) as found:
        assert pmport.facts.of(found).best("product") == "RX-51"
    assert "RX-51_2009SE" in run("nokia", "identify", "--virtual", "n900-mk2").output
    cold = run("nokia", "identify", "--virtual", "n900-cold").output
    assert "OMAP3430" in cold
    assert "000102" not in cold
    pairs = {"rd-mode": "on", "rd-flags": "no-omap-wd,serial-console", "root-device": "mmc", "usb-host-mode": "1", "hw_rev": "2101", "sw-release": "PR"}  # fmt: skip
    for key, value in pairs.items():
        assert run("nokia", "set", key, value, "--virtual", "n900").exception is None, key
    assert "is none of flash" in str(run("nokia", "set", "root-device", "floppy", "--virtual", "n900").exception)
    assert "no R&D flag" in str(run("nokia", "set", "rd-flags", "nonsense", "--virtual", "n900").exception)
    assert "flash kernel" in run("nokia", "flash", f"kernel={kernel}", "--dry-run").output
    assert run("nokia", "flash", f"kernel={kernel}", "--reboot", "--virtual", "n810").exception is None
    assert run("nokia", "boot", f"kernel={kernel}", "--cmdline", "quiet", "--virtual", "n900").exception is None
    fiasco = tmp_path / "firmware.bin"
    own = FiascoImage("kernel", kernel.read_bytes(), "RX-51", ("2101",), "1.0")
    fiasco.write_bytes(bytes(Fiasco.build([own])))
    assert "RX-51:2101:1.0" in run("nokia", "flash", "--fiasco", fiasco, "--hardware", "RX-51:2101", "--dry-run").output
    assert "RX-51:2101:1.0" in run("nokia", "flash", "--fiasco", fiasco, "--dry-run", "--virtual", "n900").output
    assert run("nokia", "flash", "--fiasco", fiasco, "kernel", "--virtual", "n900").exception is None
    assert "give --hardware" in str(run("nokia", "flash", "--fiasco", fiasco, "--cold").exception)
    assert "no FIASCO" in str(run("nokia", "flash", "--fiasco", recorded, "--virtual", "n900").exception)
    for phone in ("n900", "n900-mk2"):
        assert run("nokia", "reboot", "update", "--virtual", phone).exception is None
    assert run("reboot", "--virtual", "n900").exception is None
    assert run("flash", "--codename", "nokia-n900", f"boot={kernel}", "--virtual", "n900").exception is None
    assert run("boot", kernel, "--codename", "nokia-n900", "--virtual", "n900").exception is None

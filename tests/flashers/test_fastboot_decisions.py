"""What is decided before and while a phone in fastboot mode is flashed, and what is told of it; its partitions are the judge."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import pmport.flashers
from pmport import device_db, generate
from pmport.byte_sources import FileSource
from pmport.errors import DeviceRefusedError, FlashError, PlanError, PmportError
from pmport.events import BytesMoved, Event
from pmport.flashers.fastboot.client import Timeouts
from pmport.flashers.fastboot.downloads import with_footer_at_end
from pmport.formats.storage.sparse import SparseImage
from pmport.plan import FlashPlan, PlannedFile, Preconditions, Step, Verb
from pmport.section import Section
from pmport.virtual import FastbootPhone, Fault, FaultKind, Partition, PyusbBackend
from pmport.virtual.fastboot_model import FastbootModel

MIB = 1 << 20
QUICK = Timeouts(answer=0.2, data=0.2, work=0.2, reboot=0.2, restart=2, rescue=0.2)
NOISE = random.Random(1).randbytes(4 * MIB)


def flash(partition: str, image: bytes | Section) -> Step:
    return Step(Verb.FLASH, partition, PlannedFile.of(f"{partition}.img", Section.of(image)))


def run(phone: FastbootPhone, *steps: Step, limit: int = 0, slot: str = "", **preconditions: object) -> list[Event]:
    events: list[Event] = []
    plan = FlashPlan("fastboot", steps, preconditions=Preconditions(**preconditions), slot=slot)  # type: ignore[arg-type]  # the fields of each test
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        flasher.client.timeouts = QUICK
        flasher.largest_download = limit
        flasher.run(plan, events.append)
    return events


@pytest.fixture(params=["lists everything", "refuses all", "lists little"])
def _all(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bootloaders that answer ``getvar all`` in three ways; single variables they all know."""
    usual = FastbootModel._on_getvar

    def answer(self: FastbootModel, name: str) -> Iterator[bytes]:
        if name == "all" and request.param == "refuses all":
            yield b"FAILunknown variable"
        elif name == "all" and request.param == "lists little":
            yield from (b"INFOversion:0.4", b"OKAY")
        else:
            yield from usual(self, name)

    monkeypatch.setattr(FastbootModel, "_on_getvar", answer)


@pytest.mark.usefixtures("_all")
@pytest.mark.parametrize("current", ["a", "b"])
def test_slots_are_known_without_a_list(current: str) -> None:
    phone = FastbootPhone("abl", {"boot_a": Partition(MIB), "boot_b": Partition(MIB)}, slots=("a", "b"))
    phone.model.current_slot = current
    run(phone, flash("boot", b"ANDROID!"))
    assert [name for name, partition in phone.partitions.items() if partition.written] == [f"boot_{current}"]


@pytest.mark.parametrize(
    ("slot", "written"), [("", ["boot_a"]), ("b", ["boot_b"]), ("other", ["boot_b"]), ("all", ["boot_a", "boot_b"])]
)
def test_a_slot_is_chosen(slot: str, written: list[str]) -> None:
    phone = FastbootPhone("abl", {"boot_a": Partition(MIB), "boot_b": Partition(MIB)}, slots=("a", "b"))
    run(phone, flash("boot", b"ANDROID!"), slot=slot)
    assert [name for name, partition in phone.partitions.items() if partition.written] == written
    with pytest.raises(PlanError, match="no slot 'c'"):
        run(phone, flash("boot", b"ANDROID!"), slot="c")


@pytest.mark.usefixtures("_all")
@pytest.mark.parametrize("limit", [0, 65536])
@pytest.mark.parametrize(("more", "fits"), [(-1, True), (0, True), (1, False)])
def test_what_exactly_fills_its_partition_is_written_and_one_byte_more_is_not_begun(
    limit: int, more: int, fits: bool
) -> None:
    phone = FastbootPhone("uboot", {"userdata": Partition(256 << 10)})
    step = flash("userdata", NOISE[: (256 << 10) + more])
    if fits:
        run(phone, step, limit=limit)
        assert phone.partitions["userdata"].read(0, (256 << 10) + more) == NOISE[: (256 << 10) + more]
        return
    with pytest.raises(PlanError, match="userdata has 262144"):
        run(phone, step, limit=limit)
    assert not any(line.startswith(("download", "flash")) for line in phone.model.commands)


def test_a_file_that_changes_between_two_pieces_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "rootfs.img"
    path.write_bytes(NOISE)
    phone = FastbootPhone("uboot", {"userdata": Partition(8 * MIB)})

    def meddle(event: Event) -> None:
        if isinstance(event, BytesMoved) and any(line.startswith("flash") for line in phone.model.commands):
            path.write_bytes(NOISE[::-1])

    with FileSource(path) as source, pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        plan = FlashPlan("fastboot", (flash("userdata", Section.of(source)),))
        flasher.largest_download = MIB
        with pytest.raises(FlashError, match=r"was changed.*written in part, 1 pieces"):
            flasher.run(plan, meddle)
    assert sum(line.startswith("flash") for line in phone.model.commands) == 1


@pytest.mark.parametrize("gap", [1, 63, 64, 65, 5000])
def test_an_avb_footer_goes_to_the_end_of_the_partition(gap: int) -> None:
    image = NOISE[:9000] + b"AVBf" + bytes(range(60))
    phone = FastbootPhone("abl", {"recovery": Partition(len(image) + gap)})
    run(phone, flash("recovery", image))
    written = phone.partitions["recovery"].read(0, len(image) + gap)
    assert written[:9000] == image[:9000]
    assert written[-64:] == image[-64:]
    assert len(written) == len(image) + gap


def test_an_image_without_a_footer_or_of_full_size_stays_as_it_is() -> None:
    for image, room in (
        (NOISE[:9000], 10_000),
        (NOISE[:9000] + b"AVBf" + bytes(60), 9064),
        (b"AVBf", 9000),
        (NOISE[:99], None),
    ):
        section = Section.of(image)
        assert with_footer_at_end(section, room) is section


def test_chunks_with_a_sum_are_never_sent() -> None:
    header = struct.pack("<IHHHHIIII", 0xED26FF3A, 1, 0, 28, 12, 4096, 2, 2, 0)
    raw = struct.pack("<HHII", 0xCAC1, 0, 2, 12 + 8192) + NOISE[:8192]
    image = header + raw + struct.pack("<HHII", 0xCAC4, 0, 0, 16) + bytes(4)
    assert SparseImage.parse(image).raw_size == 8192
    phone = FastbootPhone("lk", {"userdata": Partition(MIB)})
    run(phone, flash("userdata", image))
    assert phone.partitions["userdata"].read(0, 8192) == NOISE[:8192]
    (size,) = [int(line.partition(":")[2], 16) for line in phone.model.commands if line.startswith("download")]
    assert size == len(image) - 16


def test_logical_partitions_are_emptied_before_the_first_is_written() -> None:
    parts = {name: Partition(MIB, logical=True) for name in ("system", "vendor")} | {"super": Partition(4 * MIB)}
    phone = FastbootPhone("fastbootd", parts)
    empty = Step(Verb.STAGE, "super_empty", PlannedFile.of("super_empty.img", Section.of(bytes(4096))))
    run(
        phone,
        empty,
        Step(Verb.COMMAND, argument="update-super:super"),
        flash("system", NOISE[:9]),
        flash("vendor", NOISE[:9]),
    )
    resized = [line for line in phone.model.commands if line.startswith("resize")]
    assert resized[:2] == ["resize-logical-partition:system:0", "resize-logical-partition:vendor:0"]
    assert phone.partitions["system"].size == 9


@pytest.mark.parametrize("name", ["0:3", "0#3"])
def test_a_name_with_a_colon_goes_out_as_it_stands(name: str) -> None:
    phone = FastbootPhone("uboot", {name: Partition(MIB)})
    run(phone, flash(name, NOISE[:99]))
    assert f"flash:{name}" in phone.model.commands


@pytest.mark.parametrize(("profile", "longest"), [("lk", 64), ("uboot", 64), ("fastbootd", 256)])
def test_a_command_that_is_too_long_is_not_sent(profile: str, longest: int) -> None:
    for length in (longest - 1, longest, longest + 1):
        phone = FastbootPhone(profile)
        step = Step(Verb.COMMAND, argument="oem " + "x" * (length - 4))
        with pytest.raises(PlanError if length > longest else DeviceRefusedError):
            run(phone, step)
        assert any(line.startswith("oem") for line in phone.model.commands) is (length <= longest)


@pytest.mark.parametrize("text", ["oem a\nb", "oem ü", "", "oem \0", "flash:bo\tot"])
def test_what_is_no_plain_text_is_no_command(text: str) -> None:
    with pytest.raises(PlanError, match="no command of fastboot"):
        run(FastbootPhone("lk"), Step(Verb.COMMAND, argument=text))
    with pytest.raises(PlanError, match="no command of fastboot"):
        run(FastbootPhone("lk"), flash("bo\not", b"x"))


@pytest.mark.parametrize(
    ("profile", "told", "right"),
    [
        ("abl", {"product": "blueline"}, True),
        ("abl", {"product": "crosshatch"}, False),
        ("abl", {"product": ""}, True),
        ("lk2nd", {"product": "lk2nd-msm8974"}, True),
        ("uboot", {"product": "qualcomm", "version-bootloader": "U-Boot 2025.01"}, True),
    ],
)
def test_a_record_knows_its_phone(profile: str, told: dict[str, str], right: bool) -> None:
    """A bootloader of a port, lk2nd or U-Boot, does not name the phone; the maker's own does."""
    device = device_db.load("google-blueline")
    phone = FastbootPhone(profile, {"boot": Partition(MIB)}, variables=told)
    plan = generate.flash_plan(device, {"boot": b"ANDROID!"})
    with pmport.flashers.open("fastboot", backend=PyusbBackend([phone])) as flasher:
        if right:
            flasher.run(plan)
            return
        with pytest.raises(PlanError, match="says that it is 'crosshatch'"):
            flasher.run(plan)
    assert not phone.partitions["boot"].written


def test_a_low_battery_forbids_writing_and_not_leaving() -> None:
    phone = FastbootPhone("lk2nd", variables={"battery-soc-ok": "no", "battery-voltage": "3301mV"})
    with pytest.raises(PlanError, match="3301mV"):
        run(phone, flash("boot", b"x"))
    run(phone, Step(Verb.REBOOT))
    assert phone.mode == "system"


@pytest.mark.parametrize("wanted", ["_b", "b"])
def test_a_slot_that_is_refused_is_tried_with_an_underscore(wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def strict(self: FastbootModel, argument: str) -> Iterator[bytes]:
        if argument != wanted:
            yield b"FAILInvalid slot suffix."
            return
        self.current_slot = "b"
        yield b"OKAY"

    monkeypatch.setattr(FastbootModel, "_on_set_active", strict)
    phone = FastbootPhone("abl", {"boot_a": Partition(MIB), "boot_b": Partition(MIB)}, slots=("a", "b"))
    run(phone, Step(Verb.SET_ACTIVE, argument="b"))
    assert phone.model.current_slot == "b"


# ----- what is on the partition is told truly


def truth(phone: FastbootPhone, before: bytes, image: bytes) -> str:
    now = phone.partitions["boot"].read(0, len(image))
    return "as it was" if now == before[: len(image)] else "whole" if now == image else "in part"


@pytest.mark.parametrize("kind", [FaultKind.UNPLUG, FaultKind.STALL, FaultKind.GARBAGE, FaultKind.SHORT])
@pytest.mark.parametrize("limit", [0, 65536])
def test_an_error_never_contradicts_the_partition(kind: FaultKind, limit: int) -> None:
    image, dtbo = b"ANDROID!" + NOISE[:200_000], NOISE[:5000]
    steps = (flash("dtbo", dtbo), flash("boot", image), Step(Verb.REBOOT))

    def phone(*faults: Fault) -> FastbootPhone:
        return FastbootPhone("lk2nd", {name: Partition(MIB) for name in ("boot", "dtbo")}, faults=faults)

    counted = phone()
    run(counted, *steps, limit=limit)
    seen: set[str] = set()
    for at in range(counted.faults.transfers):
        broken = phone(Fault(kind, at))
        error = failure(broken, steps, limit)
        if error is None:
            continue
        said, was = error.state, truth(broken, bytes(len(image)), image)
        assert said, (at, error)
        assert error.remedy, (at, error)
        if "boot is as it was" in said or "Nothing was written" in said:
            assert was == "as it was", (at, error)
        if "Nothing was written" in said or "dtbo is as it was" in said:
            assert not broken.partitions["dtbo"].written, (at, error)
        if "Done before it: flash dtbo" in said:
            assert broken.partitions["dtbo"].read(0, 5000) == dtbo, (at, error)
        seen.add(said)
    assert len(seen) > 2


def failure(phone: FastbootPhone, steps: tuple[Step, ...], limit: int) -> PmportError | None:
    try:
        run(phone, *steps, limit=limit)
    except PmportError as error:
        return error
    return None


def test_a_refusal_while_it_writes_is_not_told_as_one_of_the_download() -> None:
    phone = FastbootPhone("lk", {"boot": Partition(MIB)})
    with pytest.raises(DeviceRefusedError) as caught:
        run(phone, flash("boot", b"no boot image"))
    assert caught.value.state.startswith("boot may be written in part, or not at all")

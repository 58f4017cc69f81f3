"""A plan reaches a Nokia tablet as 0xFFFF would bring it, or an error says where it stopped."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pmport
import pmport.flashers
from pmport.byte_sources import FileSource
from pmport.errors import (
    DeviceRefusedError,
    FlashError,
    FormatError,
    NoDeviceError,
    PlanError,
    PmportError,
    ProtocolError,
    RefusedError,
    TransportError,
)
from pmport.events import BytesMoved, DeviceText, Event
from pmport.flashers.nokia.boot_rom import OmapSettings
from pmport.flashers.nokia.mk2 import Mk2Settings
from pmport.flashers.nokia.settings import NoloSettings
from pmport.formats.packages.fiasco import Fiasco, FiascoImage
from pmport.formats.reports.nolo_properties import NoloProperties
from pmport.generate.plans.fiasco import plan_fiasco
from pmport.generate.plans.nokia import plan_images
from pmport.plan import FlashPlan, Image, Preconditions, Step, Verb
from pmport.section import Section
from pmport.virtual import NOLO_PROFILES, ColdPhone, Fault, FaultKind, LokePhone, Mk2Phone, NoloPhone, PyusbBackend
from pmport.wire import nolo as wire
from pmport.wire.nolo import RdFlag, RootDevice, Setting

if TYPE_CHECKING:
    from pmport.virtual import ControlRequest
    from pmport.virtual.usb_device import VirtualUsbDevice

QUICK = NoloSettings(control=0.1, data=0.1, flash=0.1, finish=0.1, ready=0.2, modem=0.5, poll=0.001, reappear=0.3)
COLD = OmapSettings(read=0.02, write=0.1, between=0, loader=0, pings=3, pongs=1, leave=0)
SIGNS = {
    "kernel": (36, b"\x18\x28\x6f\x01"), "initfs": (0, b"\x45\x3d\xcd\x28"), "rootfs": (0, b"UBI#"),
    "xloader": (20, b"X-LOADER"), "secondary": (4, b"NOLOScnd"), "2nd": (52, b"2NDAPE"),
    "cmt-2nd": (0, b"\xb0\x00\x01\x03\x9d\x00\x00\x00"), "cmt-algo": (0, b"\xb1\x00\x00\x00\x82\x00\x00\x00"),
    "cmt-mcusw": (0, b"\xb2\x00\x01\x44\x00\x00\x00"),
}  # fmt: skip


def image(kind: str, size: int = 3000) -> bytes:
    offset, sign = SIGNS[kind]
    data = bytearray(random.Random(kind).randbytes(size))
    data[offset : offset + len(sign)] = sign
    return bytes(data)


def padded(data: bytes) -> bytes:
    return data.ljust(-(-len(data) // 128) * 128, b"\xff")


def opened(*phones: VirtualUsbDevice) -> Any:
    flasher = pmport.flashers.open("0xffff", backend=PyusbBackend(phones))
    flasher.client.settings = QUICK
    flasher.boot_rom.settings = COLD
    flasher.mk2.settings = Mk2Settings(answer=0.1, reboot=0, reboot_update=0)
    return flasher


def run(phone: VirtualUsbDevice, plan: FlashPlan, *others: VirtualUsbDevice) -> list[Event]:
    events: list[Event] = []
    with opened(phone, *others) as flasher:
        flasher.run(plan, events.append)
    return events


@pytest.mark.parametrize("profile", NOLO_PROFILES)
def test_every_product_takes_a_kernel(profile: str) -> None:
    phone, data = NoloPhone(profile, busy=3), image("kernel", 300_001)
    code = NOLO_PROFILES[profile].code
    events = run(phone, plan_images({"kernel": data}, products=[code], reboot=True))
    assert phone.flash == {"kernel": padded(data)}
    moved = [event for event in events if isinstance(event, BytesMoved)]
    assert [event.done for event in moved] == [131072, 262144, 300001]
    assert moved[-1].fraction == 1.0
    phone.settle()
    assert phone.mode == "system"


def test_loading_and_booting_writes_nothing() -> None:
    phone = NoloPhone()
    files = {"kernel": image("kernel"), "initfs": image("initfs")}
    run(phone, plan_images(files, load=True, boot="root=/dev/mmcblk0p1 rw"))
    phone.settle()
    assert phone.flash == {}
    assert phone.booted == {kind: padded(data) for kind, data in files.items()}
    assert phone.cmdline == b"root=/dev/mmcblk0p1 rw"
    with pytest.raises(PlanError, match="Only kernel and initfs"):
        plan_images({"rootfs": image("rootfs")}, load=True)
    other = NoloPhone()
    step = Step(Verb.BOOT, image=Image.of("zImage", Section.of(image("kernel"))))
    run(other, FlashPlan("0xffff", (step,)))
    other.settle()
    assert list(other.booted) == ["kernel"]


def test_everything_that_can_be_flashed() -> None:
    phone = NoloPhone()
    kinds = ("xloader", "secondary", "kernel", "initfs", "rootfs", "cmt-2nd", "cmt-algo", "cmt-mcusw")
    files = {kind: image(kind) for kind in kinds}
    with pytest.raises(RefusedError, match="boot chain"):
        plan_images(files)
    plan = plan_images(files, allow=["bootloader"], sw_release="RX-51_1", versions={"kernel": "2.6.28"})
    events = run(phone, plan)
    flashed = {"xloader", "secondary", "kernel", "rootfs", "cmt-mcusw"}
    assert phone.flash == {kind: padded(files[kind]) for kind in flashed}
    assert set(phone.ram) == {"initfs", "cmt-2nd", "cmt-algo"}  # NOLO commits these by itself
    assert phone.sw_release == wire.sw_release("RX-51_1")
    assert [event.text for event in events if isinstance(event, DeviceText)][:2] == ["erase:0/1", "erase:1/1"]
    assert "FLASH_FINISH" in phone.log
    assert "flash kernel 2.6.28" in str(plan)


def test_a_modem_that_fails_is_an_error() -> None:
    class Failing(NoloPhone):
        def _string(self) -> bytes:
            return b"error: nand" if self._key == "cmt:status" else super()._string()

    with pytest.raises(FlashError, match="error: nand") as caught:
        run(Failing(), plan_images({"cmt-mcusw": image("cmt-mcusw")}))
    assert "not whole" in caught.value.state


def test_properties_can_be_read_changed_and_recorded() -> None:
    phone = NoloPhone("N810")
    with opened(phone) as flasher:
        client = flasher.client
        before = client.properties()
        assert before["prod_code"] == "RX-44"
        assert before["rd-mode"] == "off"
        assert "version:kernel" not in before  # the phone does not know it yet
        client.put_flags(RdFlag.NO_OMAP_WD | RdFlag.SERIAL_CONSOLE)
        client.put(Setting.ROOT_DEVICE, RootDevice.MMC)
        client.put(Setting.USB_HOST_MODE, 1)
        for key in ("hw_rev", "version:kernel", "version:initfs", "version:content"):
            client.put_string(key, f"new {key}")
        after = client.properties()
        with pytest.raises(DeviceRefusedError, match="no such key: nonsense"):
            client.string("nonsense")
    assert phone.flags == 0x12
    assert (after["root-device"], after["usb-host-mode"], after["rd-mode"]) == ("mmc", "on", "on")
    assert after.flags == RdFlag.NO_OMAP_WD | RdFlag.SERIAL_CONSOLE
    assert after["version:kernel"] == "new version:kernel"
    recorded = bytes(after)
    with pmport.open(recorded) as again:
        assert isinstance(again, NoloProperties)
        assert bytes(again) == recorded
        assert dict(again) == dict(after)
        assert pmport.facts.of(again).best("model") == "Nokia N810"
    with pytest.raises(FormatError, match="is no property"):
        NoloProperties.parse(b"nolo: 1.4.14\n???\n")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: plan_images({"kernel": b""}), "is empty"),
        (lambda: plan_images({"kernel": Path("/")}), "is a directory"),
        (lambda: plan_images({"kernel": image("rootfs")}), "looks like rootfs"),
        (lambda: plan_images({"nonsense": b"x"}), "no type of image"),
        (lambda: plan_images({"2nd": image("2nd")}), "does not flash 2nd"),
        (lambda: plan_images({"kernel": image("kernel")}, cold=True), "needs 2nd and secondary"),
        (lambda: plan_images({"kernel": image("kernel")}, products=["RX-44"]), "The phone is RX-51"),
        (lambda: FlashPlan("0xffff", (Step(Verb.SET_ACTIVE, argument="a"),)), "cannot do"),
        (lambda: FlashPlan("0xffff", (Step(Verb.COMMAND, argument="oem"),)), "knows no command"),
        (lambda: FlashPlan("fastboot", (Step(Verb.REBOOT),)), "is for fastboot"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_write(make: Callable[[], FlashPlan], words: str) -> None:
    phone = NoloPhone()
    with pytest.raises(PlanError, match=words):
        run(phone, make())
    assert not any(line.startswith("SEND") for line in phone.log)


def test_other_phones_and_other_bootloaders() -> None:
    plan = plan_images({"kernel": image("kernel")})
    strange = replace(NOLO_PROFILES["N900"], code="XX-1")
    with pytest.raises(ProtocolError, match="'XX-1', which is none"):
        run(NoloPhone(strange), plan)
    newer = NoloPhone()
    newer.profile = replace(newer.profile, version=0x140E02)
    with pytest.raises(ProtocolError, match="no NOLO that pmport knows"):
        run(newer, plan)
    with pytest.raises(FlashError, match="does not get ready"):
        run(NoloPhone(busy=10_000), plan)
    with pytest.raises(NoDeviceError):
        opened()


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "zImage"
    path.write_bytes(image("kernel", 600_000))
    phone = NoloPhone()

    def change(event: Event) -> None:
        if isinstance(event, BytesMoved):
            path.write_bytes(image("kernel", 600_001))

    with FileSource(path) as source, opened(phone) as flasher, pytest.raises(FlashError, match="was changed") as caught:
        flasher.run(plan_images({"kernel": source}), change)
    assert caught.value.bytes_sent == 131072
    assert "as it was" in caught.value.state
    assert phone.flash == {}


# ----- FIASCO


def firmware(*more: FiascoImage) -> Fiasco:
    own = [FiascoImage(kind, image(kind), "RX-51", ("2101",), "1.0") for kind in ("2nd", "secondary", "kernel")]
    return Fiasco.build([*own, FiascoImage("kernel", image("kernel", 999), "RX-51", ("2204",), "2.0"), *more], "PR")


def test_a_fiasco_file_is_for_one_revision() -> None:
    plan = plan_fiasco(firmware(), "RX-51", "2101", only=["kernel"], sw_release=True)
    assert [step.title for step in plan.steps] == ["command sw-release PR", "flash kernel RX-51:2101:1.0", "reboot"]
    phone = NoloPhone()
    run(phone, plan)
    assert phone.flash == {"kernel": padded(image("kernel"))}
    assert phone.sw_release == wire.sw_release("PR")
    with pytest.raises(PlanError, match="is for RX-51 2204, and the phone is RX-51 2101"):
        run(NoloPhone(), plan_fiasco(firmware(), "RX-51", "2204"))
    with pytest.raises(PlanError, match="nothing to flash for RX-44"):
        plan_fiasco(firmware(), "RX-44", "0504")
    with pytest.raises(RefusedError, match="boot chain"):
        plan_fiasco(firmware(), "RX-51", "2101")
    notes = plan_fiasco(firmware(), "RX-51", "2101", ["bootloader"]).findings
    assert [item.code for item in notes] == ["not-flashed"]


def test_a_fiasco_file_starts_a_cold_phone() -> None:
    nolo = NoloPhone()
    plan = plan_fiasco(firmware(), "RX-51", "2101", ["cold-flash"], only=["kernel"], cold=True)
    run(ColdPhone(nolo), plan, nolo)
    assert list(nolo.flash) == ["kernel"]
    with pytest.raises(PlanError, match="needs 2nd"):
        plan_fiasco(Fiasco.build([FiascoImage("kernel", image("kernel"))]), "RX-51", "2101", cold=True)


def test_a_damaged_fiasco_file_is_refused() -> None:
    raw = bytearray(bytes(firmware()))
    raw[-200] ^= 1
    with pytest.raises(PlanError, match="damaged: the hash of kernel"):
        plan_fiasco(Fiasco.parse(bytes(raw)), "RX-51", "2101")


# ----- several at once, and the short window


def test_phones_of_three_kinds_at_once_from_one_process() -> None:
    """One plan each, in parallel; nobody waits for another."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only here

    from pmport.flashers.samsung.client import LokeSettings  # noqa: PLC0415 - only here

    nokias = [NoloPhone("N900"), NoloPhone("N810")]
    samsungs = [LokePhone("v2"), LokePhone("v4")]
    backend = PyusbBackend([*nokias, *samsungs])
    data = image("kernel", 500_000)
    boot = FlashPlan("heimdall", (Step(Verb.FLASH, "BOOT", Image.of("boot.img", Section.of(data))),))

    def work(number: int) -> None:
        plan = plan_images({"kernel": data}) if number < 2 else boot
        opened: Any = pmport.flashers.open(plan.method, device=f"usb:1-{number + 1}", backend=backend)
        with opened as flasher:
            flasher.client.settings = QUICK if number < 2 else LokeSettings(settle=0)
            flasher.run(plan)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert [phone.flash["kernel"] for phone in nokias] == [padded(data)] * 2
    assert [phone.flashed for phone in samsungs] == [[("BOOT", 500_000)]] * 2
    assert not backend.claimed


def test_a_phone_that_is_there_for_a_moment_is_caught() -> None:
    """NOLO waits for a short time only: from the plug to the first request it takes less than two looks at the bus."""
    import threading  # noqa: PLC0415 - only here

    moments: list[float] = []

    class Noting(NoloPhone):
        def control(self, setup: ControlRequest) -> bytes:
            moments.append(time.monotonic())
            return super().control(setup)

    phone = Noting()
    phone.unplug()

    def plug() -> None:
        moments.append(time.monotonic())
        phone.plug()

    timer = threading.Timer(0.12, plug)
    timer.start()
    with pmport.flashers.open("0xffff", backend=PyusbBackend([phone]), timeout=5) as flasher:
        flasher.client.start()
    timer.join()
    assert moments[1] - moments[0] < 0.25


# ----- cold flashing and Mk II


def test_cold_flashing_starts_nolo_and_goes_on_there() -> None:
    nolo = NoloPhone()
    phone = ColdPhone(nolo)
    files = {kind: image(kind, 5000) for kind in ("2nd", "secondary", "kernel")}
    with pytest.raises(RefusedError, match="bare chip"):
        plan_images(files, cold=True)
    plan = plan_images(files, cold=True, allow=["cold-flash"], reboot=True)
    run(phone, plan, nolo)
    assert phone.loaders == {"2nd": padded(files["2nd"]), "secondary": padded(files["secondary"])}
    assert nolo.flash == {"kernel": padded(files["kernel"])}


def test_a_phone_in_its_boot_rom_takes_nothing_else() -> None:
    with pytest.raises(PlanError, match="does not begin with the loaders"):
        run(ColdPhone(NoloPhone()), plan_images({"kernel": image("kernel")}))
    phone = ColdPhone(missed_pings=99)
    with pytest.raises(FlashError, match="second loader does not run"):
        run(phone, cold_plan())
    with pytest.raises(FlashError, match="does not say its name"):
        run(phone, cold_plan())
    other = ColdPhone()
    with opened(other) as flasher:
        assert flasher.boot_rom.asic_id().chip == "OMAP3430"
        flasher.boot_rom.leave()
    other.settle()
    assert other.mode == "system"


def test_a_nolo_that_does_not_come_back() -> None:
    with pytest.raises(FlashError, match="did not appear"):
        run(ColdPhone(), cold_plan())


def cold_plan() -> FlashPlan:
    files = {kind: image(kind, 2500) for kind in ("2nd", "secondary")}
    return plan_images(files, cold=True, allow=["cold-flash"])


def test_mk2_tells_and_reboots() -> None:
    phone = Mk2Phone()
    with opened(phone) as flasher:
        found = flasher.mk2.properties()
    assert found == Mk2Phone.standard_answers
    assert phone.told == {"/update/host_protocol_version": "2"}
    old = Mk2Phone({"/update/protocol_version": "1", "/device/product_code": "RM-680"})
    with opened(old) as flasher:
        assert flasher.mk2.properties()["/device/product_code"] == "RM-680"
        with pytest.raises(DeviceRefusedError, match="nonsense"):
            flasher.mk2.get("nonsense")
    assert not old.told
    with pytest.raises(PlanError, match="pmport nokia reboot update"):
        run(phone, plan_images({"kernel": image("kernel")}))
    run(phone, FlashPlan("0xffff", (Step(Verb.REBOOT, argument="update"),)))
    phone.settle()
    assert phone.mode == "update"


# ----- the fault matrix

KINDS = [
    FaultKind.UNPLUG,
    FaultKind.STALL,
    FaultKind.GARBAGE,
    *(pytest.param(kind, marks=pytest.mark.slow) for kind in (FaultKind.SHORT, FaultKind.NAK)),
]


def written(phones: list[VirtualUsbDevice]) -> list[dict[str, bytes]]:
    return [getattr(phone, "flash", {}) | getattr(phone, "loaders", {}) for phone in phones]


def matrix(
    kind: FaultKind, make: Callable[[list[Fault]], list[VirtualUsbDevice]], plan: FlashPlan, name: str
) -> Counter[str]:
    """Let each transfer of a small flash fail; every failure is typed, and the next run works."""
    phones = make([])
    run(phones[0], plan, *phones[1:])
    good, count = phones, phones[0].faults.transfers
    outcomes: Counter[str] = Counter()
    for index in range(count):
        phones = make([Fault(kind, index)])
        start = time.monotonic()
        failure = None
        try:
            run(phones[0], plan, *phones[1:])
        except PmportError as error:
            failure = error
        assert time.monotonic() - start < 2, index
        if failure is not None:
            assert isinstance(failure, (FlashError, TransportError)), (index, failure)
            assert failure.remedy, (index, failure)
            assert failure.state, (index, failure)
            again = make([])  # the battery was taken out, the cable put in: the next run works
            run(again[0], plan, *again[1:])
        else:
            assert written(phones) == written(good), index
        outcomes[type(failure).__name__ if failure else "went well"] += 1
    assert sum(outcomes.values()) == count
    assert count > 10, name
    return outcomes


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_at_every_transfer_is_a_typed_error(kind: FaultKind, capsys: pytest.CaptureFixture[str]) -> None:
    nolo_plan = plan_images({"kernel": image("kernel", 400_000), "rootfs": image("rootfs", 300_000)}, reboot=True)
    nolo = matrix(kind, lambda faults: [NoloPhone(faults=faults)], nolo_plan, "NOLO")

    def cold(faults: list[Fault]) -> list[VirtualUsbDevice]:
        becomes = NoloPhone()
        return [ColdPhone(becomes, faults=faults), becomes]

    rom = matrix(kind, cold, cold_plan(), "boot ROM")
    with capsys.disabled():
        print(f"\nNOLO, {kind} at each of {sum(nolo.values())} transfers: {dict(nolo)}")  # noqa: T201 - a result
        print(f"boot ROM, {kind} at each of {sum(rom.values())} transfers: {dict(rom)}")  # noqa: T201 - a result


def test_a_replugged_phone_works_again() -> None:
    phone = NoloPhone(faults=[Fault(FaultKind.UNPLUG, 8)])
    plan = plan_images({"kernel": image("kernel", 400_000)}, reboot=True)
    backend = PyusbBackend([phone])
    for attempt in range(2):
        with pmport.flashers.open("0xffff", backend=backend) as flasher:
            if attempt:
                flasher.run(plan)
            else:
                with pytest.raises(FlashError, match="is gone"):
                    flasher.run(plan)
        assert not backend.claimed
        phone.plug()
    assert len(phone.flash["kernel"]) == 400_000


def test_the_plan_carries_what_the_phone_must_say() -> None:
    plan = plan_images({"kernel": image("kernel")}, products=["RX-51"], device="nokia-n900")
    assert plan.preconditions == Preconditions(products=("RX-51",))
    assert "nokia-n900, by 0xffff" in str(plan)

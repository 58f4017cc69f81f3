"""What the known programs and pmport say to the same phones: the same commands in the same order, or a reason why not."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from support import judge

import pmport.flashers
from pmport.flashers.samsung.client import EmptyPackets, LokeSettings
from pmport.formats.packages.fiasco import Fiasco, FiascoImage
from pmport.generate.plans.fiasco import plan_fiasco
from pmport.generate.plans.nokia import plan_images
from pmport.plan import FlashPlan, Image, Step, Verb
from pmport.section import Section
from pmport.virtual import ColdPhone, FastbootPhone, LokePhone, Mk2Phone, NoloPhone, PyusbBackend, UsbBus
from pmport.wire.nolo import Request

if TYPE_CHECKING:
    from pmport.virtual import ControlRequest
    from pmport.virtual.usb_device import VirtualUsbDevice

RunOn = Callable[..., "subprocess.CompletedProcess[str]"]
SIZE = 3 << 20
ANDROID = b"ANDROID!" + bytes(SIZE)
KERNEL = (bytes(36) + b"\x18\x28\x6f\x01").ljust(300_001, b"k")
LOADERS = {
    "2nd": (bytes(52) + b"2NDAPE").ljust(5000, b"1"),
    "secondary": (bytes(4) + b"NOLOScnd").ljust(7000, b"2"),
}


def flash(*names: str) -> FlashPlan:
    steps = [Step(Verb.FLASH, name, Image.of("boot.img", Section.of(ANDROID))) for name in names]
    return FlashPlan("heimdall" if names[0].isupper() else "fastboot", (*steps, Step(Verb.REBOOT)))


def talk(plan: FlashPlan, *phones: VirtualUsbDevice, settings: Any = None) -> None:
    opened: Any = pmport.flashers.open(plan.method, backend=PyusbBackend(phones))
    with opened as flasher:
        if settings is not None:
            flasher.client.settings = settings
        flasher.run(plan)


def compare(theirs: Iterable[str], ours: Iterable[str], reasons: dict[str, str]) -> dict[str, int]:
    """Find what only one of them says; everything must have a reason.

    ``reasons``: pattern of ``"- line"`` (only they say it) or ``"+ line"`` (only we) → why.
    """
    one, two = list(theirs), list(ours)
    counts: dict[str, int] = {}
    for tag, start, end, other, stop in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for line in [f"- {item}" for item in one[start:end]] + [f"+ {item}" for item in two[other:stop]]:
            why = next((why for pattern, why in reasons.items() if re.fullmatch(pattern, line)), None)
            assert why, f"{line!r} has no reason; they say {one}, we say {two}"
            counts[why] = counts.get(why, 0) + 1
    return counts


def told(capsys: pytest.CaptureFixture[str], name: str, counts: dict[str, int], lines: int) -> None:
    with capsys.disabled():
        print(f"\n{name}: {lines} messages, {counts or 'no difference'}")  # noqa: T201 - a result


@pytest.fixture
def image(tmp_path: Path) -> str:
    path = tmp_path / "image"
    path.write_bytes(ANDROID)
    return str(path)


@pytest.mark.judge
def test_fastboot(run_on: RunOn, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    program = judge("fastboot", "fastboot")
    phone, other = FastbootPhone("lk"), FastbootPhone("lk")
    with UsbBus([phone]) as bus:
        assert run_on(bus, program, "flash", "boot", image).returncode == 0
        assert run_on(bus, program, "reboot").returncode == 0
    talk(flash("boot"), other)
    counts = compare(phone.model.commands, other.model.commands, {
        r"\+ getvar:.*": "pmport asks for everything once, and checks the plan against it before the first write",
        r"- getvar:.*": "fastboot asks for single variables of each partition instead",
    })  # fmt: skip
    told(capsys, "fastboot", counts, len(phone.model.commands))
    assert [line for line in other.model.commands if not line.startswith("getvar")] == [
        f"download:{len(ANDROID):08x}", "flash:boot", "reboot",
    ]  # fmt: skip


@pytest.mark.judge
def test_heimdall(run_on: RunOn, image: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With Heimdall's habits the two conversations are equal, down to the number of empty packets."""
    program = judge("heimdall", "heimdall-flash")

    def theirs(profile: str) -> LokePhone:
        phone = LokePhone(profile)
        with UsbBus([phone]) as bus:  # it takes four seconds, which it sleeps: all profiles at once
            done = run_on(bus, program, "flash", "--BOOT", image, "--RECOVERY", image)
        assert done.returncode == 0, done.stderr
        return phone

    habits = LokeSettings(settle=0, host_version=0, empty_packets=EmptyPackets.HEIMDALL)
    with ThreadPoolExecutor(3) as pool:
        for profile, phone in zip(("v1", "v2", "v3"), pool.map(theirs, ("v1", "v2", "v3")), strict=True):
            other = LokePhone(profile)
            talk(flash("BOOT", "RECOVERY"), other, settings=habits)
            assert compare(phone.log, other.log, {}) == {}
            assert phone.empty_packets == other.empty_packets
            assert phone.faults.transfers == other.faults.transfers
            assert phone.flashed == other.flashed == [("BOOT", len(ANDROID)), ("RECOVERY", len(ANDROID))]
            told(capsys, f"heimdall, {profile}", {}, len(phone.log))
    usual = LokePhone("v3")
    talk(flash("BOOT", "RECOVERY"), usual, settings=LokeSettings(settle=0))
    counts = compare(phone.log, usual.log, {
        r"[-+] SESSION BEGIN.*": "pmport names protocol 4 as Heimdall 2.1 does, 1.4.2 names none",
    })  # fmt: skip
    told(capsys, "heimdall, pmport's own habits", counts, len(usual.log))


NOLO_REASONS = {
    r"- IDENTIFY": "one answer holds the product and the revision: it is asked for once",
    r"- (SELECT_STRING 'version:.*|GET_STRING|ERROR_LOG)": "versions are asked for by `identify`, not before every job",
    r"- GET.*": "settings are asked for by `identify`, not before every job",
}


@pytest.mark.judge
def test_nolo(run_on: RunOn, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = judge("0xFFFF", "0xffff")
    file = tmp_path / "zImage"
    file.write_bytes(KERNEL)
    kernel = ("-m", f"kernel:{file}")
    jobs = {
        (*kernel, "-f", "-r"): plan_images({"kernel": KERNEL}, reboot=True),
        (*kernel, "-l", "-b", "quiet"): plan_images({"kernel": KERNEL}, load=True, boot="quiet"),
    }
    for words, plan in jobs.items():
        phone, other = NoloPhone(), NoloPhone()
        with UsbBus([phone]) as bus:
            assert run_on(bus, program, *words, timeout=20).returncode == 0
        talk(plan, other)
        counts = compare(phone.log, other.log, NOLO_REASONS)
        told(capsys, f"0xFFFF {words[2]}", counts, len(phone.log))
        assert phone.flash == other.flash
        assert phone.booted == other.booted
        assert phone.cmdline == other.cmdline


@pytest.mark.judge
def test_fiasco(run_on: RunOn, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same images out of one file, for this revision only, with the same headers."""

    class Noting(NoloPhone):
        def control(self, setup: ControlRequest) -> bytes:
            if setup.request in {Request.SEND_IMAGE, Request.STREAM_IMAGE}:
                self.log.append(f"header {setup.data.hex()}")
            return super().control(setup)

    program = judge("0xFFFF", "0xffff")
    contents = {
        "xloader": (bytes(20) + b"X-LOADER").ljust(500, b"x"), "secondary": (bytes(4) + b"NOLOScnd").ljust(700, b"s"),
        "kernel": KERNEL, "rootfs": b"UBI#".ljust(900, b"r"), "initfs": b"\x45\x3d\xcd\x28".ljust(400, b"i"),
        "cmt-mcusw": b"\xb2\x00\x01\x44\x00\x00\x00".ljust(400, b"c"),
    }  # fmt: skip
    images = [FiascoImage(kind, data, "RX-51", ("2101", "2102"), f"v-{kind}") for kind, data in contents.items()]
    images.insert(3, FiascoImage("kernel", KERNEL + b"2", "RX-51", ("9999",), "other"))
    images.append(FiascoImage("initfs", contents["initfs"]))
    file = tmp_path / "firmware.bin"
    file.write_bytes(bytes(Fiasco.build(images, "PR_1.3")))
    phone, other = Noting(), Noting()
    with UsbBus([phone]) as bus:
        assert run_on(bus, program, "-M", str(file), "-f", "-r", timeout=20).returncode == 0
    plan = plan_fiasco(Fiasco.parse(file.read_bytes()), "RX-51", "2101", ["bootloader"])
    talk(plan, other)
    counts = compare(phone.log, other.log, NOLO_REASONS)
    told(capsys, "0xFFFF -M", counts, len(phone.log))
    assert phone.flash == other.flash
    assert set(phone.flash) == set(contents) - {"initfs"}


@pytest.mark.judge
def test_nolo_settings(run_on: RunOn) -> None:
    """R&D flags, root device, host mode, revision: the requests behind the identification are the same."""
    from pmport.wire.nolo import RootDevice, Setting, parse_flags  # noqa: PLC0415 - only here

    program = judge("0xFFFF", "0xffff")
    flags = parse_flags("no-omap-wd,serial-console")
    jobs: dict[tuple[str, ...], Callable[[Any], object]] = {
        ("-F", "no-omap-wd,serial-console"): lambda client: client.put_flags(flags),
        ("-R", "1"): lambda client: client.put(Setting.RD_MODE, 1),
        ("-D", "1"): lambda client: client.put(Setting.ROOT_DEVICE, RootDevice.MMC),
        ("-U", "1"): lambda client: client.put(Setting.USB_HOST_MODE, 1),
        ("-H", "2102"): lambda client: client.put_string("hw_rev", "2102"),
        ("-S", "PR1"): lambda client: client.put_sw_release("PR1"),
    }
    for words, job in jobs.items():
        phone, other = NoloPhone(), NoloPhone()
        with UsbBus([phone]) as bus:
            assert run_on(bus, program, *words, timeout=20).returncode == 0
        with pmport.flashers.open("0xffff", backend=PyusbBackend([other])) as flasher:
            flasher.client.start()
            job(flasher.client)
        compare(phone.log, other.log, NOLO_REASONS)
        assert (phone.settings, phone.flags, phone.values) == (other.settings, other.flags, other.values), words
        assert phone.sw_release == other.sw_release


@pytest.mark.judge
def test_cold_flashing(run_on: RunOn, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = judge("0xFFFF", "0xffff")
    words = []
    for kind, data in LOADERS.items():
        (tmp_path / kind).write_bytes(data)
        words += ["-m", f"{kind}:{tmp_path / kind}"]
    phone, other = ColdPhone(NoloPhone()), ColdPhone(NoloPhone())
    with UsbBus([phone]) as bus:
        assert run_on(bus, program, *words, "-c", timeout=20).returncode == 0
    assert other.becomes is not None
    talk(plan_images(LOADERS, cold=True, allow=["cold-flash"]), other, other.becomes)
    assert compare(phone.log, other.log, {}) == {}
    assert phone.loaders == other.loaders
    told(capsys, "0xFFFF -c", {}, len(phone.log))


@pytest.mark.judge
def test_mk2(run_on: RunOn, capsys: pytest.CaptureFixture[str]) -> None:
    program = judge("0xFFFF", "0xffff")
    phone, other = Mk2Phone(), Mk2Phone()
    with UsbBus([phone]) as bus:
        assert run_on(bus, program, "-I", timeout=20).returncode == 0
    with pmport.flashers.open("0xffff", backend=PyusbBackend([other])) as flasher:
        flasher.mk2.properties()
    theirs, ours = ([line.partition(" ")[2] for line in each.log] for each in (phone, other))  # without the counter
    counts = compare(theirs, ours, {
        r"- 0x01 '/device/.*'": "the product and the revision are asked for once",
    })  # fmt: skip
    told(capsys, "0xFFFF -I, Mk II", counts, len(theirs))

"""Feeds broken input to every format, for as long as wanted: ``./run fuzz [SECONDS] [SEED]``.

Samples are the corpus, where it is here, images that pmport builds, and texts: device records, deviceinfo, sources of device
trees, lists of partitions, recordings. Each is changed in ways that break formats: bits, bytes, cuts, repeated and swapped
ranges, numbers at the edge, words of texts. It is opened and looked through, or given to a command. Only errors of pmport's
tree may come out, of a command an exit code, and nothing may hang or eat memory; what comes out otherwise is kept in a
file, with the command that repeats it.
"""

from __future__ import annotations

import contextlib
import io
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import pmport  # noqa: E402 - the repository is on the path only now
from pmport import bootcheck, cli, demo, devicetree, facts, unpacking  # noqa: E402
from pmport.device_db import record_files  # noqa: E402
from pmport.errors import FormatError, PmportError  # noqa: E402
from pmport.formats.boot.image import BootImage  # noqa: E402
from pmport.formats.boot.vendor_image import VendorBoot  # noqa: E402
from pmport.formats.reports.deviceinfo import DeviceInfo  # noqa: E402
from pmport.transport.recording import Replayer  # noqa: E402

if TYPE_CHECKING:
    from pmport.node import Node

CORPUS = REPOSITORY.parent / "shared" / "corpus"
LARGEST = 1 << 20
"""Larger samples are cut to this, so that a second has many rounds."""
DEADLINE = 10
"""Seconds that one input may take."""
MEMORY = 2 << 30
EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF)


def samples() -> list[tuple[str, bytes]]:
    """What is broken: files of the corpus, and images that need no corpus."""
    found = [(path.relative_to(CORPUS).as_posix(), path) for path in sorted(CORPUS.rglob("*")) if path.is_file()]
    built = [
        ("a stock image", bytes(demo.stock_image())),
        ("a device tree", demo.device_tree()),
        ("a ramdisk", demo.ramdisk()),
    ]
    return built + [(name, path.read_bytes()[:LARGEST]) for name, path in found]


def texts() -> list[tuple[str, bytes]]:
    """Texts that are read: One of each kind, and some records."""
    records = sorted((REPOSITORY / "device_db").glob("*/*.toml"))[::25]
    source = devicetree.to_source(pmport.devicetree.Blob.parse(demo.device_tree()).tree())
    return [("source.dts", source.encode()), *TEXTS, *((path.name, path.read_bytes()) for path in records)]


TEXTS: list[tuple[str, bytes]] = [
    ("deviceinfo", b'deviceinfo_format_version="0"\ndeviceinfo_codename="a-b"\ndeviceinfo_flash_offset_base="0x10000000"\n'),
    ("recording", b'{"format": "pmport recording 1"}\n{"t": 0, "out": {"text": "getvar:all"}}\n{"t": 1, "in": {"hex": "4f4b4159"}}\n'),
    ("rawprogram.xml", (b'<?xml version="1.0"?><data><program SECTOR_SIZE_IN_BYTES="4096" filename="boot.img" label="boot"'
     b' num_partition_sectors="16384" physical_partition_number="4" start_sector="6"/></data>')),
    ("scatter.txt", (b"- general: MTK_PLATFORM_CFG\n  info:\n    - config_version: V1.1.2\n      platform: MT6765\n"
     b"- partition_index: SYS0\n  partition_name: boot_a\n  file_name: boot.img\n  linear_start_addr: 0x1000\n"
     b"  partition_size: 0x2000000\n  region: EMMC_USER\n")),
    ("config", b"#\n# Linux/arm64 6.12.0 Kernel Configuration\n#\nCONFIG_ARM64=y\nCONFIG_NR_CPUS=8\n# CONFIG_USB is not set\n"),
    ("getvars", b"(bootloader) version-bootloader:1.0\n(bootloader) partition-size:boot:0x2000000\n(bootloader) product:x\n"),
    ("board.dts", b'/dts-v1/;\n/plugin/;\n#define A(x) <x>\n&{/soc} { a: b@1 { reg = A(1); status = "okay"; }; };\n'),
    ("system.transfer.list", b"4\n1024\n0\n0\nerase 2,0,1024\nnew 4,0,2,5,10\nzero 2,2,5\n"),
    ("fastboot-info.txt", b"version 1\nflash boot\nflash --apply-vbmeta vbmeta\nreboot fastboot\nif-wipe erase userdata\n"),
    ("android-info.txt", b"require board=oriole|raven\nrequire version-bootloader=slider-1.0\n"),
    ("phone.toml", b'schema = 1\nkind = "Android boot image"\n[[parts]]\nname = "kernel"\nrole = "content"\nsize = 5\n'),
]  # fmt: skip


def broken(data: bytes, chance: random.Random) -> bytes:
    """The same bytes with one to eight faults."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        if not out:
            return b""
        # headers decide most: half of the faults fall into the first page
        at = chance.randrange(min(len(out), 4096) if chance.random() < 0.5 else len(out))
        size = chance.choice((1, 2, 4, 8, 16, 64, 512))
        kind = chance.randrange(7)
        if kind == 0:
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at : at + size] = chance.randbytes(size)
        elif kind == 2:
            del out[at:]
        elif kind == 3:
            del out[at : at + size]
        elif kind == 4:
            out[at:at] = out[at : at + size]
        elif kind == 5:
            other = chance.randrange(len(out))
            out[at : at + size], out[other : other + size] = out[other : other + size], out[at : at + size]
        else:
            width = chance.choice((1, 2, 4, 8))
            number = chance.choice(EDGES) & (1 << 8 * width) - 1
            out[at : at + width] = number.to_bytes(width, chance.choice(("little", "big")))
    return bytes(out)


WORDS = (
    b"\0",
    b"-1",
    b"0x",
    b"99999999999999999999",
    b"[",
    b"]]",
    b"{",
    b'"',
    b"'",
    b"=",
    b"\n",
    b"&{/",
    b"<<",
    b"\xff",
    b"/*",
)
"""What texts stumble over."""


def mangled(data: bytes, chance: random.Random) -> bytes:
    """A text with words of it changed."""
    out = data
    for _ in range(chance.randint(1, 4)):
        words = out.split(b" ")
        at = chance.randrange(len(words))
        words[at] = chance.choice((b"", chance.choice(WORDS), words[at] * 2, words[at][::-1], chance.choice(words)))
        out = b" ".join(words)
        place = chance.randrange(len(out) + 1)
        out = out[:place] + chance.choice(WORDS) + out[place + chance.choice((0, 1, 5)) :]
    return out


def used(data: bytes) -> None:
    """Everything that a look at a file does."""
    node = pmport.open(data)
    for _, part in node.walk():
        list(part.describe())
        part.findings()
        _checked(part)
    facts.of(node)
    bytes(node)


def _checked(node: Node) -> None:
    if isinstance(node, (BootImage, VendorBoot)):
        bootcheck.check(node, profile="lk")
    with contextlib.suppress(FormatError):
        for section in node.contents().values():
            section.read(0, 4096)


def read_text(data: bytes) -> None:
    """Every reader of texts."""
    text = data.decode("utf-8", "surrogateescape")
    readers: tuple[Callable[[], object], ...] = (
        lambda: record_files.parse(text, "x.toml"),
        lambda: DeviceInfo.parse(data),
        lambda: devicetree.parse_source(text),
        lambda: replayed(text),
        lambda: used(data),
    )
    refused = 0
    for reader in readers:
        try:
            reader()
        except PmportError:
            refused += 1
    if refused == len(readers):
        raise FormatError("no reader takes it")


def replayed(text: str) -> None:
    """A recording, played to its end."""
    transport = Replayer(text.splitlines())
    while not transport.finished:
        with contextlib.suppress(PmportError):
            transport.read(64, 1)


COMMANDS = (
    "inspect FILE --facts", "inspect FILE --json", "bootcheck FILE --profile mtk", "bootcheck FILE --against FILE --json",
    "unpack FILE -o OUT", "port FILE --dry-run -o OUT", "dt print FILE", "dt identify FILE", "dt graph FILE", "dt diff FILE FILE",
    "dt check FILE", "dt compile FILE -o OUT", "dt apply FILE FILE -o OUT", "dt pick FILE platform=1", "kernel check FILE",
    "kernel diff FILE FILE", "kernel merge FILE FILE -o OUT", "kernel needs FILE FILE", "kernel status FILE",
    "db identify FILE", "db validate FILE", "deviceinfo lint FILE", "deviceinfo show FILE", "deviceinfo convert FILE",
    "pit show FILE", "pit check FILE", "pit print FILE", "pit diff FILE FILE", "flash boot=FILE --dry-run",
    "flash --replay FILE boot=FILE", "update FILE --dry-run", "getvar --replay FILE", "vbmeta --key FILE -o OUT",
)  # fmt: skip
"""Commands that read a file; none of them touches a device."""


def commanded(data: bytes, chance: random.Random) -> None:
    """A command with the broken file; it may say what it wants, and must exit."""
    with tempfile.TemporaryDirectory(prefix="pmport-fuzz-") as folder:
        file, out = Path(folder, "file"), Path(folder, "out")
        file.write_bytes(data)
        words = [{"FILE": str(file), "OUT": str(out)}.get(word, word) for word in chance.choice(COMMANDS).split()]
        words = [word.replace("FILE", str(file)) for word in words]
        run_command(words)
        if words[0] == "unpack" and out.is_dir():
            manifest = out / unpacking.MANIFEST
            if chance.random() < 0.5:
                manifest.write_bytes(mangled(manifest.read_bytes(), chance))
            run_command(["repack", str(out), "-o", str(Path(folder, "again"))])
        shutil.rmtree(out, ignore_errors=True)


def run_command(words: list[str]) -> None:
    """Run ``pmport`` in this process.

    Raises:
        RuntimeError: If the command shows a traceback of its own making.
    """
    sink = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink):
        try:
            cli.main(words)
        except SystemExit as end:
            if end.code not in {None, 0, 1, 2, 3, 4, 130}:
                raise RuntimeError(f"{' '.join(words)} ended with {end.code}") from end


def too_long(number: int, frame: FrameType | None) -> None:
    """A hang is a fault too."""
    del number, frame
    raise TimeoutError(f"one input took more than {DEADLINE} seconds")


def main(seconds: float = 60, seed: int | None = None) -> int:
    """Break samples until the time is over.

    Args:
        seconds: How long.
        seed: The random numbers' beginning, to repeat a run.

    Returns:
        How many faults were found.
    """
    seed = random.SystemRandom().randrange(1 << 32) if seed is None else seed
    chance, counts, faults = random.Random(seed), Counter[str](), 0
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, too_long)
    every, written, end = samples(), texts(), time.monotonic() + seconds
    while time.monotonic() < end:
        is_text = chance.random() < 0.4
        name, data = chance.choice(written if is_text else every)
        tried = mangled(data, chance) if is_text and chance.random() < 0.8 else broken(data, chance)
        by_command = chance.random() < 0.4
        signal.alarm(DEADLINE)
        try:
            if by_command:
                commanded(tried, chance)
            else:
                (read_text if is_text else used)(tried)
            counts["by command" if by_command else "read"] += 1
        except PmportError:
            counts["refused"] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            faults += 1
            kept = Path(f"fuzz-{seed}-{faults}.bin")
            kept.write_bytes(tried)
            sys.stderr.write(f"\n{name}, kept as {kept}:\n{traceback.format_exc(limit=-6)}")
        finally:
            signal.alarm(0)
    total = sum(counts.values()) + faults
    sys.stdout.write(
        f"seed {seed}: {total} inputs of {len(every) + len(written)} samples; {dict(counts)}; faults {faults}\n"
    )
    return faults


if __name__ == "__main__":
    words = [*sys.argv[1:], "60", ""][:2] if len(sys.argv) < 3 else sys.argv[1:3]
    sys.exit(min(main(float(words[0]), int(words[1]) if words[1] else None), 1))

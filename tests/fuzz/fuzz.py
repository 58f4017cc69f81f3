"""Feeds broken input to every format, for as long as wanted: ``./run fuzz [SECONDS] [SEED]``.

Samples are the corpus, where it is here, and images that pmport builds. Each is changed in ways that break formats: bits,
bytes, cuts, repeated and swapped ranges, numbers at the edge. Only ``FormatError`` may come out, and nothing may hang or eat
memory; what comes out otherwise is kept in a file, with the command that repeats it.
"""

from __future__ import annotations

import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

import pmport  # noqa: E402 - the repository is on the path only now
from pmport import demo, facts  # noqa: E402
from pmport.errors import FormatError  # noqa: E402

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


def used(node: Node) -> None:
    """Everything that a look at a file does."""
    for _, part in node.walk():
        list(part.describe())
        part.findings()
    facts.of(node)
    bytes(node)


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
    every, end = samples(), time.monotonic() + seconds
    while time.monotonic() < end:
        name, data = chance.choice(every)
        tried = broken(data, chance)
        signal.alarm(DEADLINE)
        try:
            used(pmport.open(tried))
            counts["read"] += 1
        except FormatError:
            counts["refused"] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is what is looked for
            faults += 1
            kept = Path(f"fuzz-{seed}-{faults}.bin")
            kept.write_bytes(tried)
            sys.stderr.write(f"\n{name}, kept as {kept}:\n{traceback.format_exc(limit=-6)}")
        finally:
            signal.alarm(0)
    total = sum(counts.values()) + faults
    sys.stdout.write(f"seed {seed}: {total} inputs of {len(every)} samples; {dict(counts)}; faults {faults}\n")
    return faults


if __name__ == "__main__":
    words = [*sys.argv[1:], "60", ""][:2] if len(sys.argv) < 3 else sys.argv[1:3]
    sys.exit(min(main(float(words[0]), int(words[1]) if words[1] else None), 1))

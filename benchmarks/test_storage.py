"""Sparse images beside img2simg and simg2img, and listing a ramdisk, in one run; and the memory of a large unpack.

The raw image has 512 MiB: a third of it noise, a third one repeated word, a third zeros.
"""

from __future__ import annotations

import random
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pmport.formats.storage.sparse import SparseImage
from pmport.formats.streams.ramdisk import Ramdisk

MIB = 1 << 20
REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sparse") / "raw.img"
    noise = random.Random(5)
    with path.open("wb") as file:
        for number in range(512):
            kind = number % 3
            file.write(
                noise.randbytes(MIB) if kind == 0 else (b"\xde\xad\xbe\xef" if kind == 1 else bytes(4)) * (MIB // 4)
            )
    return path


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed: apt-get install android-sdk-libsparse-utils")
    return path


def pmport_writes(source: Path, target: Path) -> None:
    with source.open("rb") as raw, target.open("wb") as file:
        SparseImage.build(raw).write_to(file)


def pmport_expands(source: Path, target: Path) -> None:
    with source.open("rb") as sparse, target.open("wb") as file:
        SparseImage.parse(sparse).raw().copy_to(file)


@pytest.mark.parametrize("name", ["pmport", "img2simg"])
def test_raw_to_sparse(benchmark: Any, raw: Path, tmp_path: Path, name: str) -> None:
    benchmark.group = "512 MiB raw to sparse"
    target = tmp_path / "out"

    def theirs() -> None:
        subprocess.run([program("img2simg"), str(raw), str(target)], check=True)

    run: Callable[[], None] = (lambda: pmport_writes(raw, target)) if name == "pmport" else theirs
    benchmark.pedantic(run, rounds=5, warmup_rounds=1)


@pytest.mark.parametrize("name", ["pmport", "simg2img"])
def test_sparse_to_raw(benchmark: Any, raw: Path, tmp_path: Path, name: str) -> None:
    benchmark.group = "512 MiB sparse to raw"
    sparse, target = tmp_path / "sparse", tmp_path / "out"
    pmport_writes(raw, sparse)

    def theirs() -> None:
        subprocess.run([program("simg2img"), str(sparse), str(target)], check=True)

    run: Callable[[], None] = (lambda: pmport_expands(sparse, target)) if name == "pmport" else theirs
    benchmark.pedantic(run, setup=lambda: target.unlink(missing_ok=True), rounds=5, warmup_rounds=1)


def test_a_table_of_4000_chunks(benchmark: Any) -> None:
    benchmark.group = "parse a sparse table of 4,000 chunks"
    chunks = b"".join(
        struct.pack("<2H3I", 0xCAC2, 0, 1, 16, number) if number % 2 else struct.pack("<2H2I", 0xCAC3, 0, 1, 12)
        for number in range(4000)
    )
    data = struct.pack("<I4H4I", 0xED26FF3A, 1, 0, 28, 12, 4096, 4000, 4000, 0) + chunks
    benchmark(lambda: SparseImage.parse(data))


def test_a_ramdisk_of_5000_entries(benchmark: Any) -> None:
    benchmark.group = "list a ramdisk of 5,000 entries"
    data = bytes(Ramdisk.build((f"lib/modules/driver-{number}.ko", 0o100644, b"x" * 100) for number in range(5000)))
    benchmark(lambda: [entry.name for entry in Ramdisk.parse(data)])


PEAK = """
import sys
from pathlib import Path
statement = sys.argv[1]
exec(statement)
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


def test_memory_of_unpacking_hashing_and_repacking_256_mib(benchmark: Any, tmp_path: Path) -> None:
    """Peak resident memory over the bare command; a figure, not a timing."""
    (tmp_path / "kernel").write_bytes(random.Random(1).randbytes(MIB) * 160)
    (tmp_path / "ramdisk").write_bytes(random.Random(2).randbytes(MIB) * 96)

    def peak(statement: str) -> int:
        command = [
            sys.executable,
            "-c",
            PEAK,
            f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import pmport.cli\n{statement}",
        ]
        return int(subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout)

    peak(
        "from pmport.formats.boot.image import BootImage\n"
        "BootImage.build(open('kernel','rb'), open('ramdisk','rb'), header_version=2, page_size=4096, dtb=b'x').write_to(open('boot.img','wb'))"
    )
    bare = peak("")
    work = peak(
        "import pmport; from pmport.unpacking import unpack, repack\n"
        "with pmport.open('boot.img') as image: image.section().sha256(); unpack(image, 'parts')\n"
        "repack('parts').write_to(open('again.img','wb'))"
    )
    benchmark.extra_info["MiB"] = (work - bare) / 1024
    benchmark.pedantic(lambda: None)
    sys.stdout.write(f"\nunpack, hash and repack 256 MiB: {(work - bare) / 1024:.1f} MiB over the bare command\n")

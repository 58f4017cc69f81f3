"""Boot images: open, facts, unpack and build, beside plain copying and AOSP's scripts in the same run.

The images are 48 and 256 MiB of pseudo-random bytes; each group holds what is to be compared.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import pmport
from pmport import facts, unpacking
from pmport.formats.boot.image import BootImage

MIB = 1 << 20
REPOSITORY = Path(__file__).resolve().parent.parent
VERSIONS = (0, 2, 4)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], Path]:
    """Makes, once each, an image of so many MiB and that header version; its parts stand beside it."""
    folder = tmp_path_factory.mktemp("images")

    def make(size: int, version: int) -> Path:
        home = folder / f"{size}-v{version}"
        if not home.exists():
            home.mkdir()
            noise = random.Random(size)
            for name, share in (("kernel", size * 2 // 3), ("ramdisk", size // 3)):
                with (home / name).open("wb") as file:
                    for _ in range(share):
                        file.write(noise.randbytes(MIB))
            with (home / "boot.img").open("wb") as file:
                build(home, version).write_to(file)
        return home

    return make


def build(home: Path, version: int) -> BootImage:
    with (home / "kernel").open("rb") as kernel, (home / "ramdisk").open("rb") as ramdisk:
        dtb = b"\xd0\x0d\xfe\xed" + bytes(996) if version == 2 else b""
        return BootImage.build(kernel, ramdisk, dtb=dtb, header_version=version, page_size=4096)


def fresh(folder: Path) -> Callable[[], Path]:
    """Gives a path that is not there, again and again; what was there before is removed outside the measured time."""
    numbers = itertools.count()

    def path() -> Path:
        number = next(numbers)
        before = folder / f"out-{number - 1}"
        if before.is_dir():
            shutil.rmtree(before)
        else:
            before.unlink(missing_ok=True)
        return folder / f"out-{number}"

    return path


Run = Callable[[Path], object]


def measure(benchmark: Any, folder: Path, run: Run, rounds: int = 9) -> None:
    path = fresh(folder)
    benchmark.pedantic(run, setup=lambda: ((path(),), {}), rounds=rounds, warmup_rounds=1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("what", ["copy", "open and facts", "unpack", "build"])
def test_in_process(
    benchmark: Any, images: Callable[[int, int], Path], tmp_path: Path, version: int, what: str
) -> None:
    benchmark.group = f"48 MiB, v{version}, in process"
    home = images(48, version)
    image = home / "boot.img"

    def tell(_: Path) -> None:
        with pmport.open(image) as node:
            facts.of(node)

    def unpack(target: Path) -> None:
        with pmport.open(image) as node:
            unpacking.unpack(node, target)

    def write(target: Path) -> None:
        with target.open("wb") as file:
            build(home, version).write_to(file)

    runs: dict[str, Run] = {
        "copy": lambda target: shutil.copyfile(image, target),
        "open and facts": tell,
        "unpack": unpack,
        "build": write,
    }
    measure(benchmark, tmp_path, runs[what])


@pytest.mark.parametrize("size", [48, 256])
@pytest.mark.parametrize("program", ["cp", "pmport unpack", "unpack_bootimg"])
def test_whole_process(
    benchmark: Any, images: Callable[[int, int], Path], tmp_path: Path, size: int, program: str
) -> None:
    benchmark.group = f"{size} MiB, v2, whole process: unpack"
    image = str(images(size, 2) / "boot.img")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path / "bytecode")

    def run(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment, cwd=REPOSITORY)

    script = shutil.which("unpack_bootimg")
    if program == "unpack_bootimg" and script is None:
        pytest.skip("unpack_bootimg is not installed: apt-get install mkbootimg")
    runs: dict[str, Run] = {
        "cp": lambda target: run("cp", image, str(target)),
        "pmport unpack": lambda target: run(sys.executable, "-m", "pmport", "unpack", image, "-o", str(target)),
        "unpack_bootimg": lambda target: run(sys.executable, str(script), "--boot_img", image, "--out", str(target)),
    }
    measure(benchmark, tmp_path, runs[program])

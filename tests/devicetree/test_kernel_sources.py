"""Linux's own sources: every overlay byte for byte, boards and composites in their values, against cpp and the kernel's dtc.

``tests/kernel_sources.py`` judges all boards; here every fiftieth is.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import debian
import pytest
from kernel_sources import build_dtc, compare, compare_composite, composites
from support import judge

pytestmark = [pytest.mark.online, pytest.mark.slow, pytest.mark.judge, pytest.mark.no_cover]
PACKAGE, SUITE = "linux-source-7.2", "sid"
WANTED = (
    "arch/*/boot/dts",
    "include/dt-bindings",
    "include/uapi/linux",
    "scripts/dtc",
    "drivers/*.dts*",
    "drivers/clk/*.h",
)
SHARES = 2
BOARDS, COMPOSITES = 50, 20


@pytest.fixture(scope="module")
def kernel() -> Path:
    """The sources of device trees of Debian's kernel, unpacked once and kept."""
    folder = debian.CACHE / SUITE / f"{PACKAGE}-dts"
    if not folder.is_dir():
        (archive,) = debian.unpacked(PACKAGE, "all", SUITE).glob("usr/src/linux-source-*.tar.xz")
        half = folder.with_name(f"{folder.name}.{os.getpid()}")
        half.mkdir()
        wanted = [f"*/{pattern}" for pattern in WANTED]
        subprocess.run(["tar", "-xJf", archive, "-C", half, "--strip-components=1", "--wildcards", *wanted], check=True)
        if folder.is_dir():  # another process was faster
            return folder
        half.rename(folder)
    return folder


@pytest.fixture(scope="module")
def tools(kernel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    for program in ("flex", "bison", "cc", "cpp"):
        judge(program, "gcc" if program == "cc" else program)
    return build_dtc(kernel, tmp_path_factory.mktemp("tools"))


@pytest.mark.parametrize("share", range(SHARES))
def test_every_overlay_has_dtcs_bytes(kernel: Path, tools: Path, share: int) -> None:
    paths = sorted(kernel.rglob("*.dtso"))
    assert len(paths) >= 300
    odd = {str(path): found for path in paths[share::SHARES] if (found := compare(kernel, tools, path)) != "same"}
    assert not odd


def test_boards_have_dtcs_bytes(kernel: Path, tools: Path) -> None:
    paths = sorted(kernel.glob("arch/**/*.dts"))
    assert len(paths) >= 3000
    odd = {str(path): found for path in paths[::BOARDS] if (found := compare(kernel, tools, path)) != "same"}
    assert not odd


def test_composites_have_fdtoverlays_values(kernel: Path, tools: Path) -> None:
    trees = composites(kernel)
    assert len(trees) >= 250
    assert set(Counter(compare_composite(kernel, tools, tree) for tree in trees[::COMPOSITES])) == {"values"}

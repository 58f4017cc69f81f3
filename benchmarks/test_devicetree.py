"""Device trees beside pylibfdt, PyPI fdt, dtc and fdtoverlay, on all trees of Debian's arm64 kernel, in one run.

pylibfdt and fdt are walked to the end, so that all have read every property.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from debian import unpacked
from support import CORPUS

from pmport.devicetree import Blob, TreeNode, find_blobs, make_overlay, to_source
from pmport.devicetree.overlays import apply


@pytest.fixture(scope="module")
def blobs() -> list[bytes]:
    return [path.read_bytes() for path in sorted(unpacked("linux-image-arm64", "arm64").rglob("*.dtb"))]


def with_pmport(data: bytes) -> None:
    for node in Blob.parse(data).tree().walk():
        assert node.raw is not None


def with_pylibfdt(data: bytes) -> None:
    libfdt = pytest.importorskip("libfdt", reason="pip install pylibfdt")
    tree = libfdt.FdtRo(data)
    quiet = [libfdt.NOTFOUND]
    node, depth = 0, 0
    while True:
        offset = tree.first_property_offset(node, quiet)
        while offset >= 0:
            tree.get_property_by_offset(offset)
            offset = tree.next_property_offset(offset, quiet)
        try:
            node, depth = tree.next_node(node, depth)
        except libfdt.FdtException:
            return
        if depth < 0:
            return


def with_fdt(data: bytes) -> None:
    fdt = pytest.importorskip("fdt")
    fdt.parse_dtb(data)


READERS: dict[str, Callable[[bytes], None]] = {"pmport": with_pmport, "pylibfdt": with_pylibfdt, "fdt": with_fdt}


@pytest.mark.parametrize("name", READERS)
def test_reading(benchmark: Any, blobs: list[bytes], name: str) -> None:
    benchmark.group = f"read {len(blobs)} trees"
    reader = READERS[name]
    benchmark.pedantic(lambda: [reader(data) for data in blobs], rounds=3, warmup_rounds=1)


def test_writing(benchmark: Any, blobs: list[bytes]) -> None:
    benchmark.group = f"write {len(blobs)} trees"
    trees = [Blob.parse(data).tree() for data in blobs]
    benchmark.pedantic(lambda: [bytes(tree) for tree in trees], rounds=3, warmup_rounds=1)


@pytest.mark.parametrize("name", ["pmport", "dtc"])
def test_printing(benchmark: Any, blobs: list[bytes], name: str) -> None:
    benchmark.group = f"print {len(blobs)} trees as source"
    dtc = shutil.which("dtc")
    if dtc is None:
        pytest.skip("dtc is not installed: apt-get install device-tree-compiler")

    def run() -> None:
        for data in blobs:
            if name == "pmport":
                to_source(Blob.parse(data).tree())
            else:
                command = [dtc, "-q", "-I", "dtb", "-O", "dts", "-"]
                subprocess.run(command, input=data, check=True, stdout=subprocess.DEVNULL)

    benchmark.pedantic(run, rounds=2)


def grow(source: TreeNode, target: TreeNode, most: int) -> None:
    """Copy a node, and so many below it, without their phandles."""
    pairs = [(source, target)]
    for ours, theirs in pairs:
        for name, value in ours.raw.items():
            if not name.endswith("phandle"):
                theirs[name] = value
        pairs += [(child, theirs.add(child.name)) for child in ours.children.values() if len(pairs) < most]


@pytest.mark.parametrize("name", ["pmport", "fdtoverlay"])
def test_an_overlay(benchmark: Any, name: str, tmp_path: Path) -> None:
    """A vendor's base, and an overlay of a vendor's size made from its own nodes; pmport reads, applies and writes."""
    program = shutil.which("fdtoverlay")
    path = CORPUS / "dtb/google-crosshatch-sdm845.dtb"
    if program is None or not path.exists():
        pytest.skip("fdtoverlay or the corpus is not here")
    base = find_blobs(path.read_bytes())[0].blob
    wanted = base.tree()
    soc = wanted["/soc"]
    for number, source in enumerate(list(soc.children.values())[::2]):
        grow(source, soc.add(f"copy-{number}"), 1000)
    overlay = make_overlay(base.tree(), wanted)
    sizes = f"{len(bytes(overlay)) // 1000} kB on {len(bytes(base)) // 1000} kB"
    benchmark.group = f"apply an overlay of {sizes}"
    for file, blob in (("base", base), ("overlay", overlay)):
        (tmp_path / file).write_bytes(bytes(blob))

    def ours() -> None:
        data = [(tmp_path / file).read_bytes() for file in ("base", "overlay")]
        (tmp_path / "out").write_bytes(bytes(apply(*(Blob.parse(item).tree() for item in data)).tree))

    def theirs() -> None:
        subprocess.run([program, "-i", "base", "-o", "out", "overlay"], cwd=tmp_path, check=True)

    benchmark.pedantic(ours if name == "pmport" else theirs, rounds=9, warmup_rounds=1)

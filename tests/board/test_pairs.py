"""Every vendor tree of the development pairs gives a draft that dtc and pmport compile to the same values."""

from __future__ import annotations

import csv
import lzma
import os
import subprocess
from pathlib import Path

import debian
import pytest
from support import REPOSITORY, judge

from pmport.board import draft
from pmport.devicetree import Blob, DeviceTree, diff, parse_source

PAIRS = Path(os.environ.get("PMPORT_BOARDS") or REPOSITORY.parent / "shared" / "boards")
SHARES = 8
pytestmark = [pytest.mark.online, pytest.mark.slow, pytest.mark.judge, pytest.mark.no_cover]


@pytest.fixture(scope="module")
def kernel() -> Path:
    """The device trees of Debian's kernel source, as the tests of the compiler keep them."""
    folder = debian.CACHE / "sid" / "linux-source-7.2-dts"
    if not folder.is_dir():
        pytest.skip("tests/devicetree/test_kernel_sources.py unpacks the sources")
    return folder


def pairs() -> list[tuple[str, dict[str, dict[str, str]]]]:
    """Device → role → row."""
    table = PAIRS / "pairs.tsv"
    found: dict[str, dict[str, dict[str, str]]] = {}
    text = table.read_text(encoding="utf-8") if table.exists() else ""
    for row in csv.DictReader(text.splitlines(), delimiter="\t"):
        found.setdefault(row["device"], {})[row["role"]] = row
    return list(found.items())


def tree_of(row: dict[str, str]) -> DeviceTree:
    return Blob.parse(lzma.decompress((PAIRS / "vendor" / row["files"]).read_bytes())).tree()


@pytest.mark.parametrize("share", range(SHARES))
def test_a_draft_compiles_by_dtc_and_by_pmport_to_the_same_values(kernel: Path, share: int, tmp_path: Path) -> None:
    dtc, cpp = judge("dtc", "device-tree-compiler"), judge("cpp", "cpp")
    chosen = pairs()[share::SHARES]
    if not chosen:
        pytest.skip("the pairs of vendor trees and board files are not here (set PMPORT_BOARDS)")
    for name, rows in chosen:
        trees = [tree_of(rows[role]) for role in ("tree", "base", "overlay") if role in rows]
        first = next(iter(rows.values()))
        drafted = draft(*trees, kernel=kernel, compatible=first["compatible"], model=first["model"])
        text, folders = drafted.text(), drafted.includes
        ours = parse_source(text, name="board.dts", include=folders, symbols=True)
        options = [f"-I{folder}" for folder in folders]
        plain = subprocess.run(
            [cpp, "-nostdinc", "-undef", "-D__DTS__", "-x", "assembler-with-cpp", *options, "-"],
            input=text.encode(), capture_output=True, check=True, cwd=folders[0],
        ).stdout  # fmt: skip
        out = tmp_path / f"{name}.dtb"
        subprocess.run([dtc, "-@", "-q", "-I", "dts", "-O", "dtb", "-o", out, "-"], input=plain, check=True)
        assert not list(diff(Blob.parse(out.read_bytes()).tree(), ours)), name

"""Every device tree of Debian's kernels: byte for byte, and through source and back by dtc and by pmport."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from debian import unpacked
from support import judge

from pmport.devicetree import Blob, DeviceTree, parse_source, to_source

pytestmark = [pytest.mark.online, pytest.mark.slow, pytest.mark.no_cover]  # measuring coverage doubles their time
KERNELS = {"arm64": ("linux-image-arm64", 500), "armhf": ("linux-image-armmp", 800)}
SHARES = 4
"""The trees are judged in so many tests, which run beside one another."""


def values(tree: DeviceTree) -> dict[str, dict[str, bytes]]:
    return {node.path: node.raw for node in tree.walk()}


def trees(architecture: str) -> list[Path]:
    package, least = KERNELS[architecture]
    found = sorted(unpacked(package, architecture).rglob("*.dtb"))
    assert len(found) >= least
    return found


@pytest.mark.parametrize("architecture", KERNELS)
def test_every_blob_is_written_back_byte_for_byte(architecture: str) -> None:
    for path in trees(architecture):
        data = path.read_bytes()
        blob = Blob.parse(data)
        assert bytes(blob) == data
        assert bytes(blob.tree()) == data, path


@pytest.mark.judge
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("architecture", KERNELS)
def test_every_tree_survives_its_source(architecture: str, share: int) -> None:
    dtc = judge("dtc", "device-tree-compiler")
    for path in trees(architecture)[share::SHARES]:
        tree = Blob.parse(path.read_bytes()).tree()
        text = to_source(tree)
        assert values(parse_source(text)) == values(tree), path
        made = subprocess.run([dtc, "-q", "-f", "-"], input=text.encode(), capture_output=True, check=True)
        assert values(Blob.parse(made.stdout).tree()) == values(tree), path

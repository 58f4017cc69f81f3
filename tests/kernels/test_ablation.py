"""Who binds: with exactly the true driver of a node switched off, the node lacks its driver; and no lack is false.

The truth is what Debian's compiler wrote into the modules, for every node of every tree that Debian's kernel has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import pytest
from debian_kernels import kernel, modules_by_compatible

from pmport.devicetree import Blob, TreeNode
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import Driver, MainlineIndex, load_index
from pmport.kernels.driver_needs import Status, enabled
from pmport.kernels.node_needs import judged

pytestmark = [pytest.mark.online, pytest.mark.slow]

OTHER_BUS = ("ti,wl1", "rockchip,rk806", "x-powers,axp", "epson,rx8025")
"""Another driver binds, and no alias says so: SDIO drivers have none of this kind, and SPI and RSB drivers of one family
match by a table that only the I2C driver's module carries. RX8025 has two drivers."""
MORE_THAN_ALIASES = ("mediatek,mt6380-regulator", "microchip,ksz88")
"""The alias is that of the driver of the node above, or of another bus; the driver itself is off."""


class Switched(KernelConfig):
    """A configuration with some symbols off, without its text."""

    def __init__(self, base: KernelConfig, off: frozenset[str]) -> None:
        super().__init__(base.section(), base.text)
        self.__dict__["texts"] = {**base.texts, **dict.fromkeys(off, "n")}


def cases(architecture: str) -> Iterator[tuple[TreeNode, int]]:
    """Every kind of node once, with how often it occurs."""
    count: Counter[object] = Counter()
    first: dict[object, TreeNode] = {}
    for path in sorted(kernel(architecture).rglob("*.dtb")):
        for node in enabled(Blob.parse(path.read_bytes()).tree()):
            above = node.parent
            assert above is not None
            key = (node.compatible, above.unit_name, above.compatible, node.unit_name, "reg" in node.raw)
            count[key] += 1
            first.setdefault(key, node)
    return ((node, count[key]) for key, node in first.items())


@lru_cache(maxsize=1)
def by_folder(index: MainlineIndex) -> dict[str, list[Driver]]:
    """Folder → the drivers in it."""
    found: dict[str, list[Driver]] = {}
    for driver in index.every_driver():
        found.setdefault(driver.path.rpartition("/")[0], []).append(driver)
    return found


def symbols_of(modules: frozenset[str], index: MainlineIndex) -> frozenset[str]:
    """The symbols that switch exactly these modules, not those of their folders."""
    found: set[str] = set()
    for module in modules:
        folder, _, name = module.rpartition("/")
        files = by_folder(index).get(folder, [])
        own = [set(one) for d in files if name.replace("-", "_") in d.modules for one in d.alternatives]
        everything = [set(one) for d in files for one in d.alternatives]
        shared = set.intersection(*everything) if len(files) > 1 and own else set()
        mine = set.intersection(*own) if own else set()
        found |= (mine - shared) or mine
    return frozenset(found)


@pytest.mark.parametrize("architecture", ["arm64", "armhf"])
def test_every_alias_is_in_the_index_and_names_the_module(architecture: str) -> None:
    index = load_index("7.2")
    truth = modules_by_compatible(architecture)
    lost = [
        (text, module)
        for text, modules in truth.items()
        for module in modules
        if not any(module.rpartition("/")[2].replace("-", "_") in driver.modules for driver in index.drivers(text))
    ]
    assert len(truth) > 3_500
    assert len(lost) / len(truth) <= 0.001, lost


@pytest.mark.parametrize("architecture", ["arm64", "armhf"])
def test_a_driver_that_is_switched_off_is_noticed_and_no_lack_is_false(architecture: str) -> None:
    index, truth = load_index("7.2"), modules_by_compatible(architecture)
    config = KernelConfig.parse((kernel(architecture) / "config").read_bytes())
    judged_nodes = unnoticed = 0
    false: set[str] = set()
    missed: Counter[str] = Counter()
    for node, count in cases(architecture):
        modules = frozenset(module for text in node.compatible for module in truth.get(text, ()))
        if not modules:
            continue
        text = next(text for text in node.compatible if text in truth)
        if judged(node, config, index).status is Status.LACKING:
            false.add(text)
            continue
        off = symbols_of(modules, index)
        if not off:
            continue
        judged_nodes += count
        if judged(node, Switched(config, off), index).status is not Status.LACKING:
            unnoticed += count
            missed[text] += count
    assert judged_nodes > 50_000
    assert [text for text in missed if not text.startswith(OTHER_BUS)] == []
    assert [text for text in false if not text.startswith(MORE_THAN_ALIASES)] == []
    assert unnoticed / judged_nodes <= (0.001 if architecture == "arm64" else 0.002)

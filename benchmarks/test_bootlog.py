"""Kernel logs: a megabyte explained, without and with a tree and a configuration.

The log is made of the rules' examples among lines that say nothing.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from pmport.bootlog import explain, load_rules
from pmport.devicetree import parse_source
from pmport.formats import KernelConfig

MIB = 1 << 20
TREE = """/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; soc { #address-cells = <1>; #size-cells = <1>; ranges;
  usb@78d9000 { compatible = "qcom,ci-hdrc"; reg = <0x78d9000 0x200>; }; }; };"""


@pytest.fixture(scope="module")
def log() -> bytes:
    """A megabyte."""
    chance = random.Random(16)
    examples = [rule.example for rule in load_rules().rules]
    lines: list[str] = []
    size = 0
    while size < MIB:
        text = (
            chance.choice(examples)
            if chance.random() < 0.02
            else f"usb 1-{chance.randrange(9)}: new device number 7 of {chance.random()}"
        )
        lines.append(f"<6>[{size / 50000:12.6f}][    T1] {text}")
        size += len(lines[-1]) + 1
    return "\n".join(lines)[:MIB].encode()


def test_a_megabyte_is_explained(benchmark: Any, log: bytes) -> None:
    assert len(benchmark(explain, log)) > 0


def test_a_megabyte_is_explained_with_tree_and_configuration(benchmark: Any, log: bytes) -> None:
    tree, config = parse_source(TREE), KernelConfig.build({"USB": "y"})
    assert len(benchmark(explain, log, tree, config)) > 0

"""Kernel checks: one configuration against the rules, loading an index, and what all handsets of mainline need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from debian import unpacked
from identification import FACTS

from pmport.devicetree import Blob
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import check, load_index, load_rules, needs

REPOSITORY = Path(__file__).resolve().parent.parent
LOAD = """
import sys, time
from pmport.kernels import load_index
started = time.perf_counter()
load_index("6.12").drivers("syna,rmi4-i2c")
sys.stdout.write(str(time.perf_counter() - started))
"""


@pytest.fixture(scope="module")
def config() -> KernelConfig:
    return KernelConfig.parse(next(unpacked("linux-image-arm64", "arm64").glob("boot/config-*")).read_bytes())


def test_one_check_of_all_categories(benchmark: Any, config: KernelConfig) -> None:
    benchmark.group = "check a configuration"
    rules = load_rules()
    data = config.section().read()
    benchmark(lambda: check(KernelConfig.parse(data), rules, categories=list(rules.categories)))


def test_load_an_index(benchmark: Any) -> None:
    """The first look-up in a process; the figure is the process's own."""
    benchmark.group = "load an index"

    def run() -> float:
        return float(
            subprocess.run([sys.executable, "-c", LOAD], check=True, capture_output=True, cwd=REPOSITORY).stdout
        )

    seconds = sorted(run() for _ in range(5))[2]
    benchmark.extra_info["seconds"] = seconds
    benchmark.pedantic(run, rounds=3)
    sys.stdout.write(f"\nload an index: {seconds * 1000:.0f} ms\n")


@pytest.mark.skipif(not FACTS.exists(), reason="the list of boards is not here")
def test_what_all_handsets_need(benchmark: Any, config: KernelConfig) -> None:
    boards = json.loads((FACTS / "mainline_boards.json").read_text(encoding="utf-8"))["boards"]
    wanted = {Path(board["path"]).stem for board in boards if board.get("chassis") == "handset"}
    paths = [path for path in unpacked("linux-image-arm64", "arm64").rglob("*.dtb") if path.stem in wanted]
    trees = [Blob.parse(path.read_bytes()).tree() for path in paths]
    index = load_index("6.1")
    benchmark.group = f"what {len(trees)} handsets need"
    benchmark.pedantic(lambda: [needs(tree, config, index) for tree in trees], rounds=5, warmup_rounds=1)

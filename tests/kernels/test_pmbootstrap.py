"""The same verdicts as the existing checker: pmbootstrap's own, on Debian's kernels, changed at random, and on pmaports."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from debian import unpacked
from support import MIRRORS, REPOSITORY

from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import check
from pmport.kernels.checking import OptionFinding
from pmport.kernels.rules import RuleSet, load_rules

pytestmark = [pytest.mark.slow, pytest.mark.judge]
RULES = REPOSITORY / "kernels" / "postmarketos.toml"
KERNELS = [("linux-image-arm64", "arm64", "aarch64"), ("linux-image-armmp", "armhf", "armv7")]
VERSIONS = ["3.18.31", "4.9.337", "5.4.0_rc3", "5.15.0", "6.0_rc2", "6.1.176", "6.12.9_git20250101", "7.2"]
CATEGORIES = [["default"], ["community", "default"], ["nftables", "wireguard", "default"]]
VALUES = ["y", "m", "n", "7", "0x10", '"y"', '"a,b"', '""']


@pytest.mark.online
def test_changed_kernels_of_debian_get_the_verdicts_of_pmbootstrap(tmp_path: Path) -> None:
    """The judge is Debian's package, 3.12.1 at the time of writing; pmport's rules are read by both."""
    chance = random.Random(5)
    options = sorted({rule.option for rule in load_rules().rules})
    wanted = []
    for package, architecture, arch in KERNELS:
        (path,) = (unpacked(package, architecture) / "boot").glob("config-*")
        plain = KernelConfig.parse(path.read_bytes())
        for number in range(100):
            changed = {name: chance.choice(VALUES) for name in chance.sample(options, number)}
            file = tmp_path / f"config-{number}.{arch}"
            file.write_bytes(bytes(plain.replace(changed)))
            wanted.append(_run(file, chance.choice(VERSIONS), arch, chance.choice([*CATEGORIES, _every(RULES)])))
    runs = _judged(unpacked("pmbootstrap", "all", "forky") / "usr/lib/python3/dist-packages", RULES, wanted, tmp_path)
    assert sum(bool(run["must"]) for run in runs) > 100 < sum(bool(run["prefer"]) for run in runs)
    for run in runs:
        assert _verdict(run, compat=True) == (run["must"], run["prefer"]), run


@pytest.mark.parametrize("mode", ["flagged", "all"])
def test_every_kernel_of_pmaports_gets_the_verdict_of_pmbootstrap(mode: str, tmp_path: Path) -> None:
    """No package has pmaports: this runs where both are checked out beside the repository."""
    for name in ("pmaports", "pmbootstrap"):
        if not (MIRRORS / name).exists():
            pytest.skip(f"no checkout of {name} in {MIRRORS} (set PMPORT_MIRRORS)")
    rules = MIRRORS / "pmaports" / "kconfigcheck.toml"
    wanted = []
    for path in sorted((MIRRORS / "pmaports").rglob("linux-*/config-*")):
        if path.name.count(".") != 1:
            continue
        recipe = (path.parent / "APKBUILD").read_text(encoding="utf-8")
        version = re.search(r"^pkgver=[\"']?([^\s\"']+)", recipe, re.MULTILINE)
        flags = re.findall(r"pmb:kconfigcheck-([a-z0-9_]+)", recipe)
        categories = [*flags, "default"] if mode == "flagged" else _every(rules)
        arch = path.name.split(".")[1]
        wanted.append(_run(path, version[1] if version else "", arch, list(dict.fromkeys(categories))))
    runs = _judged(MIRRORS / "pmbootstrap", rules, wanted, tmp_path)
    assert len(runs) > 400
    for run in runs:
        assert _verdict(run, compat=True) == (run["must"], run["prefer"]), run["path"]
    different = [run for run in runs if _verdict(run, compat=False) != (run["must"], run["prefer"])]
    assert [(run["path"], run["version"]) for run in different if not _is_known_fault(run)] == []
    assert len(different) <= 6


def _run(path: Path, version: str, arch: str, categories: list[str]) -> dict[str, Any]:
    return {"path": str(path), "version": version, "arch": arch, "categories": categories}


def _every(rules: Path) -> list[str]:
    return list(RuleSet.parse(rules.read_text(encoding="utf-8"), rules.name).categories)


def _judged(pmbootstrap: Path, rules: Path, wanted: list[dict[str, Any]], work: Path) -> list[dict[str, Any]]:
    listed = work / "wanted.json"
    listed.write_text(json.dumps(wanted), encoding="utf-8")
    adapter = Path(__file__).parent / "pmbootstrap_judge.py"
    command = [sys.executable, str(adapter), str(pmbootstrap), str(rules), str(listed), str(work)]
    runs: list[dict[str, Any]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["runs"]
    return runs


def _verdict(run: dict[str, Any], *, compat: bool) -> tuple[list[str], list[str]]:
    config = KernelConfig.parse(Path(run["path"]).read_bytes())
    found = check(config, categories=run["categories"], version=run["version"], arch=run["arch"], compat=compat)
    options = [finding for finding in found if isinstance(finding, OptionFinding)]
    must, prefer = (sorted(f.option for f in options if f.level == level) for level in ("must", "prefer"))
    return must, prefer


def _is_known_fault(run: dict[str, Any]) -> bool:
    """A release candidate of x.0, a version without a patch level (6.1 is 6.1.0), or an option that is stated twice."""
    config = KernelConfig.parse(Path(run["path"]).read_bytes())
    odd = ".0_rc" in run["version"] or run["version"].count(".") == 1
    return odd or any(finding.code == "stated-twice" for finding in config.findings())

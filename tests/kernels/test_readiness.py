"""Readiness: near mainline or a vendor's, by evidence; what a port lacks for the next category; and the real ports."""

from __future__ import annotations

import pytest
from support import MIRRORS

from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import readiness
from pmport.kernels.rules import load_rules

ORDER = ("downstream", "testing", "community", "main")
TITLE = "Linux/arm64 6.18.1 Kernel Configuration"


def good(**changes: str) -> KernelConfig:
    """A kernel near mainline with all that community asks for, and changes."""
    rules = load_rules().select(["default", "community"], version="6.18.1", arch="aarch64")
    options = {rule.option: rule.value if rule.value in {"y", "m", "n"} else f'"{rule.value}"' for rule in rules}
    held = dict.fromkeys(("INET", "TMPFS", "PROC_FS", "SYSFS", "RD_GZIP", "ARM64"), "y")
    return KernelConfig.build({**held, **options, **changes}, title=TITLE)


def test_community_is_possible_and_main_is_judged_by_people() -> None:
    found = readiness(good())
    assert (found.near_mainline, found.category, found.verdict) == (True, "community", "community")
    assert "people judge" in found.gates[-1].missing[-1]


def test_one_option_away_is_said_so() -> None:
    assert readiness(good(NULL_TTY="n")).verdict == "testing once NULL_TTY=m is set, and community once these are set"
    assert readiness(good(BT="n")).verdict == "testing, and community once BT=m is set"
    assert readiness(good(USB_ETH="y")).verdict.startswith("testing, and community once USB_ETH off")


def test_a_vendors_kernel_is_known_by_its_options() -> None:
    marked = readiness(good(MSM_KGSL="y"))
    assert (marked.near_mainline, marked.verdict) == (False, "downstream")
    assert "MSM_KGSL" in marked.evidence[0]
    strange = readiness(good(**{f"ACME_PART_{number}": "y" for number in range(120)}))
    assert (strange.near_mainline, strange.verdict) == (False, "downstream")


def test_rules_younger_than_the_kernel_are_named() -> None:
    old = KernelConfig.build({"ARM64": "y", "USB": "y"}, title="Linux/arm64 6.1.20 Kernel Configuration")
    assert readiness(old).newer["NULL_TTY"].startswith("202")
    assert "younger than this kernel" in str(readiness(old).view())
    assert not readiness(good(BINFMT_ELF="n")).newer


def test_a_board_of_mainline_is_evidence() -> None:
    config = KernelConfig.build({"X86_64": "y"}, title="Linux/x86 4.4.1 Kernel Configuration")
    assert readiness(config).near_mainline is None
    assert readiness(config, board="oneplus,enchilada").near_mainline is True


def test_the_real_ports_are_told_their_category() -> None:
    folder = MIRRORS / "pmaports" / "device"
    if not folder.exists():
        pytest.skip(f"no checkout of pmaports in {MIRRORS} (set PMPORT_MIRRORS)")
    wrong, better, count = [], [], 0
    for category in ("community", "testing", "downstream"):
        for path in sorted((folder / category).glob("linux-*/config-*")):
            if path.name.count(".") == 1 and path.parent.name != "linux-next":
                found = readiness(KernelConfig.parse(path.read_bytes()))
                count += 1
                if found.category != category and f"{category} once" not in found.verdict:
                    wrong.append(path.parent.name)
                if ORDER.index(found.category) > ORDER.index(category):
                    better += [gate for gate in found.gates if gate.category == found.category and not gate.is_open]
    assert count >= 60
    assert not better
    assert len(wrong) / count <= 1 / 6, wrong

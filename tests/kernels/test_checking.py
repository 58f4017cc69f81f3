"""Checks: each kind of rule, what cannot be judged."""

from __future__ import annotations

import pytest

from pmport.findings import Severity
from pmport.formats.kernel.config import KernelConfig
from pmport.kernels import check, readiness
from pmport.kernels.checking import OptionFinding
from pmport.kernels.fragments import diff, fragment, lost, merge, rules_fragment
from pmport.kernels.rules import RuleSet, load_rules

RULES = RuleSet.parse(
    """
["category:default".">=0.0.0"."all"]
ON = "y"
MODULE = "m"
OFF = "n"
TEXT = "a,b"
LIST = ["one", "two"]
["category:default".">=6.1"."all"]
NEW = "y"
["category:default".">=0.0.0"."aarch64"]
ARM = true
"""
)


def _config(options: dict[str, str], title: str = "Linux/arm64 6.2.0 Kernel Configuration") -> KernelConfig:
    return KernelConfig.build({"ARM64": "y", **options}, title=title)


GOOD = {"ON": "y", "MODULE": "m", "OFF": "n", "TEXT": '"a,b"', "LIST": '"two,three,one"', "NEW": "y", "ARM": "m"}


def _named(findings: object) -> dict[str, str]:
    assert isinstance(findings, tuple)
    return {finding.option: finding.level for finding in findings if isinstance(finding, OptionFinding)}


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, {}),
        ({"ON": "m", "MODULE": "y"}, {"ON": "prefer", "MODULE": "prefer"}),
        ({"ON": "n", "OFF": "m"}, {"ON": "must", "OFF": "must"}),
        ({"TEXT": '"b,a"', "LIST": '"one"'}, {"TEXT": "must", "LIST": "must"}),
        ({"LIST": "one", "NEW": "n", "ARM": "n"}, {"LIST": "must", "NEW": "must", "ARM": "must"}),
    ],
)
def test_each_kind_of_rule(change: dict[str, str], found: dict[str, str]) -> None:
    assert _named(check(_config({**GOOD, **change}), RULES)) == found


def test_a_configuration_without_a_version_never_passes_silently() -> None:
    findings = check(_config({**GOOD, "NEW": "n"}, title=""), RULES)
    assert [finding.severity for finding in findings] == [Severity.UNKNOWN]
    assert "1 rules" in findings[0].message
    assert check(KernelConfig.build({"USB": "y"}), RULES)[-1].code == "architecture-unknown"


def test_the_version_can_be_given() -> None:
    assert _named(check(_config({**GOOD, "NEW": "n"}, title=""), RULES, version="6.0")) == {}
    assert _named(check(_config({**GOOD, "NEW": "n"}, title=""), RULES, version="6.1-rc1")) == {}
    assert _named(check(_config({**GOOD, "NEW": "n"}, title=""), RULES, version="6.1")) == {"NEW": "must"}


def test_findings_tell_what_and_why() -> None:
    finding = next(f for f in check(_config({})) if isinstance(f, OptionFinding) and f.option == "DM_CRYPT")
    assert (finding.wanted, finding.actual, finding.category) == ("y", None, "default")
    assert finding.why == "an encrypted root file system is opened with dm-crypt"
    assert finding.fix == "CONFIG_DM_CRYPT=y"


@pytest.mark.parametrize("category", ["default", "community", "hardening", "uefi"])
@pytest.mark.parametrize(("word", "arch"), [("arm64", "aarch64"), ("arm", "armv7"), ("x86_64", "x86_64")])
def test_what_a_fragment_adds_passes(category: str, word: str, arch: str) -> None:
    config = KernelConfig.build({"EXPERT": "y"}, title=f"Linux/{word} 6.12.0 Kernel Configuration")
    text = fragment(check(config, categories=[category]), title="made by a test")
    merged = merge(config, KernelConfig.parse(text.encode()))
    assert not check(merged.config, categories=[category], arch=arch)
    whole = rules_fragment(load_rules().select([category, "default"], version="6.12.0", arch=arch))
    assert not lost(KernelConfig.parse(text.encode()), KernelConfig.parse(whole.encode()))


def test_merging_reports_what_is_overridden_and_lost() -> None:
    base, one, two = (
        KernelConfig.build(options) for options in ({"A": "m"}, {"A": "y", "B": "m"}, {"B": "n", "C": "y"})
    )
    merged = merge(base, one, two, names=("defconfig", "one.config", "two.config"))
    assert [(finding.severity, finding.message) for finding in merged.findings] == [
        (Severity.WARNING, "B: m of one.config becomes not set of two.config"),
        (Severity.NOTE, "A: m of defconfig becomes y of one.config"),
    ]
    assert [(finding.code, finding.where) for finding in lost(merged.config, base)] == [
        ("lost", "C"),
        ("other-letter", "A"),
    ]


def test_a_difference_as_a_fragment_makes_one_into_the_other() -> None:
    before, after = _config({"A": "y", "B": "m"}), _config({"A": "n", "C": "7", "D": '"x"'})
    found = diff(before, after)
    assert not diff(merge(before, KernelConfig.parse(found.fragment().encode())).config, after)
    assert len(diff(before, after, strict=True)) == 4


def test_readiness_names_the_gates() -> None:
    good = KernelConfig.build({"EXPERT": "y"}, title="Linux/arm64 6.12.0 Kernel Configuration")
    rules = load_rules().select(["community"], version="6.12.0", arch="aarch64")
    good = merge(good, KernelConfig.parse(rules_fragment(rules).encode())).config
    verdict = readiness(good, near_mainline=True)
    assert verdict.category == "testing"
    assert verdict.gates[2].missing == ("principle ssh-over-usb", "principle minimal-initramfs")
    more = dict.fromkeys(("INET", "TMPFS", "PROC_FS", "SYSFS", "RD_GZIP"), "y")
    verdict = readiness(good.replace(more), near_mainline=True)
    assert verdict.category == "community"
    assert readiness(good.replace(more)).category == "community"
    assert "near-mainline" in str(readiness(good).view())

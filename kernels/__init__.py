"""Kernels: does this configuration run a distribution, and does it run this phone?

Two questions, answered as findings with reasons, in milliseconds::

    config = pmport.open("config-postmarketos-qcom-sdm845.aarch64")
    findings = pmport.kernels.check(config, categories=["community"])
    print(pmport.kernels.fragment(findings))            # what to add

The rules are data in pmaports' own format (``*.toml`` in this room), with reasons beside them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.kernels.checking import OptionFinding, check, rules_for
    from pmport.kernels.fragments import Differences, Merge, diff, fragment, lost, merge, rules_fragment
    from pmport.kernels.maturity import Readiness, readiness
    from pmport.kernels.rules import Rule, RuleSet, load_rules

_NAMES = {
    "Differences": "pmport.kernels.fragments:Differences",
    "Merge": "pmport.kernels.fragments:Merge",
    "OptionFinding": "pmport.kernels.checking:OptionFinding",
    "Readiness": "pmport.kernels.maturity:Readiness",
    "Rule": "pmport.kernels.rules:Rule",
    "RuleSet": "pmport.kernels.rules:RuleSet",
    "check": "pmport.kernels.checking:check",
    "diff": "pmport.kernels.fragments:diff",
    "fragment": "pmport.kernels.fragments:fragment",
    "load_rules": "pmport.kernels.rules:load_rules",
    "lost": "pmport.kernels.fragments:lost",
    "merge": "pmport.kernels.fragments:merge",
    "readiness": "pmport.kernels.maturity:readiness",
    "rules_fragment": "pmport.kernels.fragments:rules_fragment",
    "rules_for": "pmport.kernels.checking:rules_for",
}

__all__ = [
    "Differences",
    "Merge",
    "OptionFinding",
    "Readiness",
    "Rule",
    "RuleSet",
    "check",
    "diff",
    "fragment",
    "load_rules",
    "lost",
    "merge",
    "readiness",
    "rules_for",
    "rules_fragment",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)

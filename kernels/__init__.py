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
    from pmport.kernels.driver_needs import Need, Needs, needs
    from pmport.kernels.fragments import Differences, Merge, diff, fragment, lost, merge, rules_fragment
    from pmport.kernels.index_building import build_index
    from pmport.kernels.mainline_index import Driver, MainlineIndex, load_index, shipped_series
    from pmport.kernels.readiness_levels import Readiness, readiness
    from pmport.kernels.rules import Rule, RuleSet, load_rules
    from pmport.kernels.upstream_status import VendorStatus, downstream_map, mainline_status

_NAMES = {
    "downstream_map": "pmport.kernels.upstream_status:downstream_map",
    "mainline_status": "pmport.kernels.upstream_status:mainline_status",
    "VendorStatus": "pmport.kernels.upstream_status:VendorStatus",
    "needs": "pmport.kernels.driver_needs:needs",
    "Needs": "pmport.kernels.driver_needs:Needs",
    "Need": "pmport.kernels.driver_needs:Need",
    "build_index": "pmport.kernels.index_building:build_index",
    "shipped_series": "pmport.kernels.mainline_index:shipped_series",
    "load_index": "pmport.kernels.mainline_index:load_index",
    "Driver": "pmport.kernels.mainline_index:Driver",
    "MainlineIndex": "pmport.kernels.mainline_index:MainlineIndex",
    "Differences": "pmport.kernels.fragments:Differences",
    "Merge": "pmport.kernels.fragments:Merge",
    "OptionFinding": "pmport.kernels.checking:OptionFinding",
    "Readiness": "pmport.kernels.readiness_levels:Readiness",
    "Rule": "pmport.kernels.rules:Rule",
    "RuleSet": "pmport.kernels.rules:RuleSet",
    "check": "pmport.kernels.checking:check",
    "diff": "pmport.kernels.fragments:diff",
    "fragment": "pmport.kernels.fragments:fragment",
    "load_rules": "pmport.kernels.rules:load_rules",
    "lost": "pmport.kernels.fragments:lost",
    "merge": "pmport.kernels.fragments:merge",
    "readiness": "pmport.kernels.readiness_levels:readiness",
    "rules_fragment": "pmport.kernels.fragments:rules_fragment",
    "rules_for": "pmport.kernels.checking:rules_for",
}

__all__ = [
    "Differences",
    "Driver",
    "MainlineIndex",
    "Merge",
    "Need",
    "Needs",
    "OptionFinding",
    "Readiness",
    "Rule",
    "RuleSet",
    "VendorStatus",
    "build_index",
    "check",
    "diff",
    "downstream_map",
    "fragment",
    "load_index",
    "load_rules",
    "lost",
    "mainline_status",
    "merge",
    "needs",
    "readiness",
    "rules_for",
    "rules_fragment",
    "shipped_series",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)

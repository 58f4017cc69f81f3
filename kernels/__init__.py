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
    from pmport.kernels.checking import OptionFinding as OptionFinding, check as check, rules_for as rules_for
    from pmport.kernels.driver_needs import Need as Need, Needs as Needs, needs as needs
    from pmport.kernels.fragments import (
        Differences as Differences,
        Merge as Merge,
        diff as diff,
        fragment as fragment,
        lost as lost,
        merge as merge,
        rules_fragment as rules_fragment,
    )
    from pmport.kernels.index_building import build_index as build_index
    from pmport.kernels.mainline_index import (
        Driver as Driver,
        MainlineIndex as MainlineIndex,
        load_index as load_index,
        shipped_series as shipped_series,
    )
    from pmport.kernels.readiness_levels import Readiness as Readiness, readiness as readiness
    from pmport.kernels.rules import Rule as Rule, RuleSet as RuleSet, load_rules as load_rules
    from pmport.kernels.upstream_status import (
        VendorStatus as VendorStatus,
        downstream_map as downstream_map,
        mainline_status as mainline_status,
    )
else:
    _PUBLIC = {
        "pmport.kernels.checking": "OptionFinding check rules_for",
        "pmport.kernels.driver_needs": "Need Needs needs",
        "pmport.kernels.fragments": "Differences Merge diff fragment lost merge rules_fragment",
        "pmport.kernels.index_building": "build_index",
        "pmport.kernels.mainline_index": "Driver MainlineIndex load_index shipped_series",
        "pmport.kernels.readiness_levels": "Readiness readiness",
        "pmport.kernels.rules": "Rule RuleSet load_rules",
        "pmport.kernels.upstream_status": "VendorStatus downstream_map mainline_status",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

"""The checks of :program:`dtc` under their names: what keeps a source from being compiled, and what is not as it should be.

::

    compiled = devicetree.compile_source(text, levels=Levels())   # compiled.findings, with file and line
    checks.check(blob.tree(), Levels(["no-alias_paths"]))         # of a blob, with paths
"""

from pmport.devicetree.checks.run import check
from pmport.devicetree.checks.table import CHECKS, KERNEL, Check, Levels

__all__ = ["CHECKS", "KERNEL", "Check", "Levels", "check"]

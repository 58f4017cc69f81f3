"""Kernel logs, explained: where the boot stopped, what went wrong, and what to try next.

::

    found = pmport.bootlog.explain("console-ramoops", tree=pmport.open("board.dtb").tree())
    for trouble in found:                                # the worst first
        print(trouble.says, trouble.node, trouble.remedy)
    print(found.waiting)                                 # who waits for whom

The rules are data (``rules.toml`` in this room): pattern, cause, remedy, source and a real line each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.bootlog.explaining import explain as explain, explain_lines as explain_lines
    from pmport.bootlog.explanation import Explanation as Explanation, Trouble as Trouble
    from pmport.bootlog.lines import LogLine as LogLine, read as read
    from pmport.bootlog.log_source import Log as Log, open_log as open_log
    from pmport.bootlog.rules import (
        Milestone as Milestone,
        Rule as Rule,
        Rules as Rules,
        load_rules as load_rules,
        parse_rules as parse_rules,
    )
else:
    _PUBLIC = {
        "pmport.bootlog.explaining": "explain explain_lines",
        "pmport.bootlog.explanation": "Explanation Trouble",
        "pmport.bootlog.lines": "LogLine read",
        "pmport.bootlog.log_source": "Log open_log",
        "pmport.bootlog.rules": "Milestone Rule Rules load_rules parse_rules",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

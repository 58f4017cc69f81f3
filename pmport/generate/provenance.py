"""Every generated line with the fact that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.device_db.deviceinfo_keys import KEYS
from pmport.generate.deviceinfo_text import deviceinfo_values
from pmport.render import Table

if TYPE_CHECKING:
    from pmport.device_db import Draft

__all__ = ["explain"]


def explain(draft: Draft) -> Table:
    """Which fact each line of a draft's deviceinfo comes from.

    Args:
        draft: The draft.

    Returns:
        One row per key: value, who said it, and where.
    """
    rows = []
    for key, value in deviceinfo_values(draft.device).items():
        path = KEYS[key].path if key in KEYS else key
        if path not in draft.evidence:
            rows.append((f"deviceinfo_{key}", value, "the format's own", ""))
            continue
        fact = draft.evidence[path]
        source = fact.source if fact else "you said so"
        offset = "" if fact is None or fact.offset is None else f"{fact.offset:#x}"
        rows.append((f"deviceinfo_{key}", value, source, offset))
    return Table(("line", "value", "comes from", "offset"), rows)

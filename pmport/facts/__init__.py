"""What is known about a device, and who said it.

:func:`of` reads facts from any value that pmport opened; facts merge, and a merge never drops a disagreement::

    facts = pmport.facts.of(image) | pmport.facts.of(getvars)
    facts.best("page_size")            # the value with the best certainty, or None
    facts.all("compatible")            # every Fact, with source, offset and certainty
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.facts.device_facts import FIELDS, Certainty, DeviceFacts, Fact
    from pmport.facts.table import READERS, inside, of

_NAMES = {
    "FIELDS": "pmport.facts.device_facts:FIELDS",
    "READERS": "pmport.facts.table:READERS",
    "Certainty": "pmport.facts.device_facts:Certainty",
    "DeviceFacts": "pmport.facts.device_facts:DeviceFacts",
    "Fact": "pmport.facts.device_facts:Fact",
    "inside": "pmport.facts.table:inside",
    "of": "pmport.facts.table:of",
}

__all__ = ["FIELDS", "READERS", "Certainty", "DeviceFacts", "Fact", "inside", "of"]

__getattr__, __dir__ = lazily(__name__, _NAMES)

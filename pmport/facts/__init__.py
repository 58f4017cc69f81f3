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
    from pmport.facts.device_facts import (
        FIELDS as FIELDS,
        Certainty as Certainty,
        DeviceFacts as DeviceFacts,
        Fact as Fact,
    )
    from pmport.facts.in_brief import summary as summary
    from pmport.facts.table import READERS as READERS, inside as inside, of as of
else:
    _PUBLIC = {
        "pmport.facts.device_facts": "FIELDS Certainty DeviceFacts Fact",
        "pmport.facts.in_brief": "summary",
        "pmport.facts.table": "READERS inside of",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

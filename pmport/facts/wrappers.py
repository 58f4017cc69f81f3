"""What a vendor's wrapper tells: its name, and whatever is in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact
from pmport.facts.table import inside

if TYPE_CHECKING:
    from pmport.formats.base.wrapper import Wrapper

__all__ = ["read"]


def read(wrapper: Wrapper) -> Iterator[Fact]:
    """Read a wrapper.

    Args:
        wrapper: The wrapper.

    Yields:
        Its facts.
    """
    yield Fact("wrapper", wrapper.WRAPPER, wrapper.KIND, 0)
    for label, value in wrapper.describe():
        if label == "command line" and value:
            yield Fact("cmdline", value, wrapper.KIND, None, Certainty.DERIVED)
    yield from inside(wrapper)

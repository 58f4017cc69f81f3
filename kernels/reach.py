"""How a source file comes to a device; and the format of index files, which hold it as numbers."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FORMAT", "REACHES", "Reach"]

FORMAT = "pmport kernel index 2"
"""The first words of an index file; the number changes with the layout."""


class Reach(StrEnum):
    """How a string of a source file comes to a device."""

    DRIVER = "driver"
    """The table of a driver's structure: this driver binds."""
    DECLARED = "declared"
    """An ``…_OF_DECLARE``: called before there are drivers."""
    LOADED = "loaded"
    """``MODULE_DEVICE_TABLE`` alone: the module is loaded for the device and works beside its driver."""
    CHILD = "child"
    """``MODULE_DEVICE_TABLE`` of a second table: the driver of a node looks at the nodes below with it."""
    LOOKED_UP = "looked up"
    """A table that no driver names: code that searches the tree itself."""


REACHES = tuple(Reach)
"""The ways, as an index numbers them."""

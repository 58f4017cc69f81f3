"""What a Nokia tablet or phone in NOLO tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.facts.device_facts import Certainty, Fact

if TYPE_CHECKING:
    from pmport.formats.reports.nolo_properties import NoloProperties

__all__ = ["read"]


def read(properties: NoloProperties) -> Iterator[Fact]:
    """Read a phone's properties.

    Args:
        properties: The properties.

    Yields:
        Facts; the device itself said them.

    Example:
        >>> from pmport.formats.reports.nolo_properties import NoloProperties
        >>> [fact.value for fact in read(NoloProperties({"nolo": "1.4.14", "prod_code": "RX-51", "hw_rev": "2101"}))]
        ['0xffff', 'Nokia', 'RX-51', 'Nokia N900', '2101', 'NOLO 1.4.14']
    """
    values = (
        ("flash_method", "0xffff", "it answers NOLO's requests"),
        ("manufacturer", "Nokia", "it answers NOLO's requests"),
        ("product", properties["prod_code"], "NOLO identify, prod_code"),
        ("model", properties.product_name, "NOLO identify, prod_code"),
        ("board", properties["hw_rev"], "NOLO identify, hw_rev"),
        ("bootloader", f"NOLO {properties['nolo']}", "NOLO version"),
    )
    for name, value, source in values:
        if value:
            yield Fact(name, value, source, certainty=Certainty.MEASURED)

"""The footer of Android verified boot: the last 64 bytes of a partition that say where its vbmeta stands.

Layout, big-endian (AOSP libavb, ``avb_footer.h``): magic ``AVBf``, version 1.0, size of the image proper, offset and
size of the vbmeta blob, 28 reserved bytes.

Example:
    >>> footer = AvbFooter(original_image_size=8192, vbmeta_offset=8192, vbmeta_size=256)
    >>> AvbFooter.parse(footer.encode()) == footer
    True
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from pmport.errors import FormatError
from pmport.formats.boot.trailer import FOOTER_MAGIC as MAGIC
from pmport.formats.boot.trailer import FOOTER_SIZE as SIZE

__all__ = ["MAGIC", "SIZE", "AvbFooter"]


@cache
def declaration() -> Any:
    """The footer, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Const, Int32ub, Int64ub, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "magic" / Const(MAGIC),
        "major" / Int32ub,
        "minor" / Int32ub,
        "original_image_size" / Int64ub,
        "vbmeta_offset" / Int64ub,
        "vbmeta_size" / Int64ub,
        "reserved" / Bytes(28),
    ).compile()


@dataclass(frozen=True, slots=True)
class AvbFooter:
    """The footer's fields.

    Args:
        original_image_size: Bytes of the image proper.
        vbmeta_offset: Where the vbmeta blob stands, in bytes from the start of the partition.
        vbmeta_size: Its size in bytes.
        major: Version of the footer: 1.
        minor: Idem: 0.
        reserved: 28 bytes that are to be zero.
    """

    original_image_size: int
    vbmeta_offset: int
    vbmeta_size: int
    major: int = 1
    minor: int = 0
    reserved: bytes = bytes(28)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a footer.

        Args:
            data: The last 64 bytes of a partition.

        Returns:
            The footer.

        Raises:
            FormatError: If they are none.
        """
        if len(data) != SIZE or not data.startswith(MAGIC):
            raise FormatError("There is no AVB footer", format="AVB footer", field="magic", offset=0)
        parsed = declaration().parse(data)
        return cls(**{field.name: parsed[field.name] for field in fields(cls)})

    def encode(self) -> bytes:
        """The footer's 64 bytes."""
        encoded: bytes = declaration().build({field.name: getattr(self, field.name) for field in fields(self)})
        return encoded

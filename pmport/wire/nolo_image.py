"""Images for NOLO: their types, how they are recognised, padded and hashed, and the header that announces them.

The same header stands in front of each image of a FIASCO container. Numbers are big-endian here, apart from the words
that the hash adds up.

Example:
    >>> f"{image_hash(b'abc'):04x}"
    '9d02'
    >>> detect(b"UBI#" + bytes(508))
    'rootfs'
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any, Self

from pmport.errors import FormatError
from pmport.section import Section

__all__ = [
    "LOADED",
    "LOADERS",
    "NEVER_FLASHED",
    "NO_LABEL",
    "TYPES",
    "ImageLabel",
    "detect",
    "device_block",
    "header",
    "image_hash",
    "padded_size",
    "parse_header",
    "version_block",
]

FORMAT = "NOLO image header"
TYPES = (
    "xloader",
    "2nd",
    "secondary",
    "kernel",
    "initfs",
    "rootfs",
    "mmc",
    "cmt-2nd",
    "cmt-algo",
    "cmt-mcusw",
    "1st",
    "cert-sw",
    "ape-algo",
)
LOADED = ("kernel", "initfs")
"""Types that can be started from memory."""
LOADERS = ("2nd", "secondary")
"""What the boot ROM is given for cold flashing, in this order."""
NEVER_FLASHED = frozenset({"2nd", "mmc", "1st", "cert-sw", "ape-algo"})
"""Types that NOLO does not write."""
HEADER = 27
"""Bytes of the fixed part of a header."""
HEAD = 512
"""Bytes from the start that tell the type."""
INITFS_LIMIT = 16 << 20
"""A JFFS2 image below this is the initial file system, above it the root file system."""
FILL = 0xFF

_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (52, b"2NDAPE", "2nd"),
    (20, b"2ND", "2nd"),
    (4, b"NOLOScnd", "secondary"),
    (20, b"X-LOADER", "xloader"),
    (12, b"NOLOXldr", "xloader"),
    (4, b"NOLOXldr", "2nd"),
    (36, b"\x18\x28\x6f\x01", "kernel"),
    (1, b"\x00\x00\xea", "kernel"),
    (0, b"UBI#", "rootfs"),
    (510, b"\x55\xaa", "mmc"),
    (0, b"\xb0\x00\x01\x03\x9d\x00\x00\x00", "cmt-2nd"),
    (0, b"\xb1\x00\x00\x00\x82\x00\x00\x00", "cmt-algo"),
    (0, b"\xb2\x00\x01\x44\x00\x00\x00", "cmt-mcusw"),
    (0, b"\x45\x3d\xcd\x28", "initfs"),
)
"""``(offset, bytes, type)``, in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What an image says of itself, beside its type.

    Args:
        version: Its version; "" for none.
        device: The product code that it is for; "" for all.
        revisions: The hardware revisions that it is for; empty: all.

    Example:
        >>> ImageLabel.parse("RX-51:2101,2102:1.0")
        ImageLabel(version='1.0', device='RX-51', revisions=('2101', '2102'))
    """

    version: str = ""
    device: str = ""
    revisions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 0xFFFF's notation.

        Args:
            text: ``device:revision,revision:version``, or a version alone.

        Returns:
            The label.
        """
        if text.count(":") < 2:
            return cls(text)
        device, revisions, version = text.split(":", 2)
        return cls(version, device, tuple(item for item in revisions.split(",") if item))

    def __str__(self) -> str:
        return f"{self.device}:{','.join(self.revisions)}:{self.version}" if self.device else self.version

    def fits(self, product: str, revision: str) -> bool:
        """Whether the image is for a phone.

        Args:
            product: The phone's product code.
            revision: Its hardware revision.

        Returns:
            True where the label names both, or leaves them open.
        """
        return self.device in {"", product} and (not self.revisions or revision in self.revisions)


NO_LABEL = ImageLabel()


def detect(data: bytes, size: int | None = None) -> str | None:
    """The type of an image.

    Args:
        data: Its first 512 bytes or more.
        size: Its size in bytes; None: that of ``data``.

    Returns:
        One of :data:`TYPES`; None if nothing tells it.
    """
    for offset, sign, kind in _SIGNS:
        if data.startswith(sign, offset):
            return kind
    if data.startswith(b"\x85\x19"):
        return "initfs" if (len(data) if size is None else size) < INITFS_LIMIT else "rootfs"
    return None


def padded_size(size: int, kind: str) -> int:
    """The size of an image with its padding.

    Args:
        size: Bytes without.
        kind: The type: a memory card's image is padded to 256 bytes, all others to 128.

    Returns:
        Bytes.
    """
    unit = 256 if kind == "mmc" else 128
    return -(-size // unit) * unit


def image_hash(data: bytes | Section, kind: str = "kernel") -> int:
    """The only check that NOLO makes: all 16-bit little-endian words of the padded image, combined by exclusive or.

    Args:
        data: The image; it is padded here.
        kind: Its type.

    Returns:
        16 bits; headers store them big-endian.
    """
    section = Section.of(data)
    padding = bytes((FILL,)) * (padded_size(section.size, kind) - section.size)
    return _folded(chain(section.chunks(), (padding,)))


def _folded(pieces: Iterable[bytes]) -> int:
    """Exclusive or of 16-bit words; pieces of odd length may only be the last but one, before the padding."""
    total = 0
    rest = b""
    for piece in pieces:
        joined = rest + piece
        even = len(joined) & ~1
        total ^= _fold_words(joined[:even])
        rest = joined[even:]
    return total ^ int.from_bytes(rest, "little")


def _fold_words(data: bytes) -> int:
    """Exclusive or of all words of one piece, by halving one big number: as fast as Python's integers are."""
    size = len(data)
    if not size:
        return 0
    width = 1 << (size - 1).bit_length()
    value = int.from_bytes(data, "little")
    while width > 2:
        width //= 2
        value = value >> 8 * width ^ value & (1 << 8 * width) - 1
    return value


@cache
def _declaration() -> Any:
    from construct import Bytes, Const, Int8ub, Int16ub, Int32ub, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        Const(b"\x2e\x19"),
        "asic" / Int8ub,
        "storage" / Int8ub,
        "storage_index" / Int8ub,
        "hash" / Int16ub,
        "name" / Bytes(12),
        "size" / Int32ub,
        "load_address" / Int32ub,
    ).compile()


def device_block(device: str, revisions: Iterable[str]) -> bytes:
    """The block that says which hardware an image is for.

    Args:
        device: Product code, such as ``"RX-51"``.
        revisions: Hardware revisions; at most 29.

    Returns:
        The bytes.
    """
    revisions = tuple(revisions)
    if len(revisions) > 29:
        raise FormatError(f"{len(revisions)} hardware revisions in one block", format=FORMAT, field="hardware revision")
    body = device.encode("ascii").ljust(16, b"\0") + b"".join(
        name.encode("ascii").ljust(8, b"\0") for name in revisions
    )
    return bytes((0x32, len(body))) + body


def version_block(version: str) -> bytes:
    """The block that names an image's version.

    Args:
        version: The version.

    Returns:
        The bytes.
    """
    text = version.encode("ascii") + b"\0"
    if len(text) > 255:
        raise FormatError("A version has at most 254 bytes", format=FORMAT, field="version")
    return bytes((0x31, len(text))) + text


def header(
    kind: str, size: int, checksum: int, *, version: str = "", device: str = "", revisions: Iterable[str] = ()
) -> bytes:
    """What announces an image.

    Args:
        kind: Its type.
        size: Bytes with padding.
        checksum: Its :func:`image_hash`.
        version: Its version, if it has one.
        device: The product code that it is meant for, if it says so.
        revisions: The hardware revisions that it is meant for; at most 29.

    Returns:
        The bytes.

    Raises:
        FormatError: If the type is unknown.

    Example:
        >>> len(header("kernel", 0x200000, 0x1234)), header("kernel", 0x200000, 0x1234, version="1.0")[27:].hex()
        (27, '3104312e3000')
    """
    if kind not in TYPES:
        raise FormatError(
            f"{kind!r} is no type of image", format=FORMAT, field="name", remedy=f"Use {', '.join(TYPES)}"
        )
    fields = {"asic": 1, "storage": 1, "storage_index": 0, "hash": checksum, "load_address": 0, "size": size}
    built: bytes = _declaration().build(fields | {"name": kind.encode("ascii").ljust(12, b"\0")})
    if device:
        built += device_block(device, revisions)
    return built + (version_block(version) if version else b"")


def parse_header(data: bytes) -> tuple[str, int, int]:
    """Read what announces an image.

    Args:
        data: The bytes; what follows the fixed part is not looked at.

    Returns:
        Type, size in bytes, and hash.

    Raises:
        FormatError: If it is no such header.
    """
    if len(data) < HEADER or data[:2] != b"\x2e\x19":
        raise FormatError(f"{len(data)} bytes are no image header", format=FORMAT, offset=0)
    raw = _declaration().parse(data)
    return raw.name.rstrip(b"\0").decode("ascii", "backslashreplace"), raw.size, raw.hash

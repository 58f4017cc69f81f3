r"""A property: raw bytes as the only truth, and the ways to look at them.

The format of a device tree does not say what type a value has; whoever reads it knows by its name. So a
:class:`Property` holds the bytes, and each view either fits them or says why it does not.

Example:
    >>> Property("compatible", b"qcom,msm8916\0qcom,soc\0").strings
    ('qcom,msm8916', 'qcom,soc')
    >>> Property("reg", bytes.fromhex("0000000010000000")).cells
    (0, 268435456)
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree.tree_node import TreeNode

__all__ = ["Property", "Value", "encode"]

_Bytes: TypeAlias = bytes
"""The type, where the view of that name hides it."""

Value: TypeAlias = "bytes | bytearray | str | int | bool | Iterable[str] | Iterable[int] | Property"
"""What a property may be set to; see :func:`encode`."""


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a node.

    Args:
        name: Its name.
        bytes: Its value.
        node: The node that it was asked from; needed where a view has to follow phandles.
    """

    name: str
    bytes: _Bytes
    node: TreeNode | None = field(default=None, repr=False, compare=False)

    def __bytes__(self) -> _Bytes:
        return self.bytes

    def __len__(self) -> int:
        return len(self.bytes)

    @property
    def strings(self) -> tuple[str, ...]:
        """The value as a list of strings, each ended by NUL; bytes that are not UTF-8 become surrogates.

        Raises:
            FormatError: If the last byte is not NUL.
        """
        if not self.bytes:
            return ()
        if self.bytes[-1]:
            raise self._misfit("no string list: it does not end with NUL", len(self.bytes) - 1)
        return tuple(part.decode("utf-8", "surrogateescape") for part in self.bytes[:-1].split(b"\0"))

    @property
    def string(self) -> str:
        """The first string of :attr:`strings`; empty where there is none."""
        return next(iter(self.strings), "")

    @property
    def cells(self) -> tuple[int, ...]:
        """The value as unsigned numbers of 32 bits.

        Raises:
            FormatError: If the length is no multiple of 4.
        """
        if len(self.bytes) & 3:
            raise self._misfit(f"no cells: its length, {len(self.bytes)}, is no multiple of 4", len(self.bytes) & ~3)
        return struct.unpack(f">{len(self.bytes) >> 2}I", self.bytes)

    @property
    def cell(self) -> int:
        """The value as one number of 32 bits.

        Raises:
            FormatError: If the value is not four bytes long.
        """
        if len(self.bytes) != 4:
            raise self._misfit(f"no single cell: its length is {len(self.bytes)}", 0)
        return int.from_bytes(self.bytes, "big")

    @property
    def u64s(self) -> tuple[int, ...]:
        """The value as unsigned numbers of 64 bits.

        Raises:
            FormatError: If the length is no multiple of 8.
        """
        if len(self.bytes) & 7:
            raise self._misfit(f"no 64-bit numbers: its length, {len(self.bytes)}, is no multiple of 8", 0)
        return struct.unpack(f">{len(self.bytes) >> 3}Q", self.bytes)

    @property
    def number(self) -> int:
        """The whole value as one big-endian number, as ``reg`` of a bus with two address cells has it."""
        return int.from_bytes(self.bytes, "big")

    @property
    def phandles(self) -> tuple[int, ...]:
        """The phandles in the value: where the name is known, those at the places of references, else every cell.

        Raises:
            FormatError: If the length is no multiple of 4, or a reference leads nowhere.
        """
        from pmport.devicetree.bindings import binding_of  # noqa: PLC0415 - most properties are never asked this
        from pmport.devicetree.reference_resolver import references  # noqa: PLC0415

        if self.node is None or binding_of(self.name) is None:
            return self.cells
        return tuple(found.phandle for found in references(self.node, self.name) if found.phandle)

    def _misfit(self, what: str, offset: int) -> FormatError:
        path = f"{self.node.path.rstrip('/')}/" if self.node is not None else ""
        return FormatError(
            f"{path}{self.name} is {what}", format="device tree property", field=self.name, offset=offset
        )


def encode(value: Value) -> bytes:
    r"""A Python value as the bytes of a property.

    Args:
        value: Bytes as they are; a string or a list of strings, each ended by NUL; a number or a list of numbers as
            cells of 32 bits (negative ones as two's complement); ``True`` as an empty value; or another property.

    Returns:
        The bytes.

    Raises:
        ValueError: If a number does not fit into 32 bits, or a string holds NUL.
        TypeError: If it is none of these. ``False`` is none: a property that is not true is absent.

    Example:
        >>> encode(["qcom,msm8916", "qcom,soc"]), encode([1, -1]), encode(True)
        (b'qcom,msm8916\x00qcom,soc\x00', b'\x00\x00\x00\x01\xff\xff\xff\xff', b'')
    """
    if isinstance(value, Property):
        return value.bytes
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, bool):
        if value:
            return b""
        raise TypeError("a property cannot be False; delete it instead")
    if isinstance(value, (str, int)):
        return _item(value)
    return b"".join(_item(item) for item in value)


def _item(item: str | int) -> bytes:
    if isinstance(item, str):
        if "\0" in item:
            raise ValueError(f"a string cannot hold NUL: {item!r}; use a list of strings")
        return item.encode("utf-8", "surrogateescape") + b"\0"
    if not -(1 << 31) <= item < 1 << 32:
        raise ValueError(f"{item:#x} does not fit into a cell of 32 bits; use [value >> 32, value & 0xffffffff]")
    return (item & 0xFFFFFFFF).to_bytes(4, "big")

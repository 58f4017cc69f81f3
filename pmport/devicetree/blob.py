"""A device tree blob: frozen and exact.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> tree = DeviceTree()
    >>> tree.root["model"] = "Example Phone"
    >>> blob = Blob.build(tree)
    >>> blob.tree().root["model"].string, bytes(Blob.parse(bytes(blob))) == bytes(blob)
    ('Example Phone', True)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Self

from pmport.devicetree.fdt_header import HEADER_SIZE, KIND, MAGIC, Header
from pmport.devicetree.fdt_read import read_reservations, read_tree
from pmport.devicetree.fdt_write import write
from pmport.errors import FormatError
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree
    from pmport.section import Readable

__all__ = ["Blob", "FoundBlob", "find_blobs"]


class Blob(Node):
    """One flattened device tree, versions 1 to 17.

    ``bytes(Blob.parse(data)) == data`` for every well-formed blob: NOP tokens, padding, offsets in any order and
    shared name offsets stay as they are. :meth:`tree` gives a :class:`~pmport.devicetree.DeviceTree` to read and edit.

    Args:
        section: The bytes, ``header.totalsize`` of them.
        header: The header, checked.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(
        magics=((0, MAGIC),),
        writes="identical, build, edit",
        source="Devicetree Specification 0.4, chapter 5",
        limits="one tree per file; several behind each other are found by devicetree.find_blobs",
    )

    WORTH_KEEPING = True

    __slots__ = ("_fresh", "_section", "header")

    def __init__(self, section: Section, header: Header) -> None:
        self._section = section
        self.header: Header = header
        self._fresh: DeviceTree | None = None

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one, and check all of it.

        Args:
            source: Where the bytes are; they may go on behind ``totalsize`` with zeros only.

        Returns:
            The blob.

        Raises:
            FormatError: If the header, a block, a token or a name is not as the standard says; with the offset.
        """
        section = Section.of(source)
        blob = cls.glance(section)
        if section.size > blob.header.totalsize:
            rest = section[blob.header.totalsize :]
            if not rest.is_zero():
                raise FormatError(
                    f"{rest.size} bytes follow the tree",
                    format=KIND,
                    field="totalsize",
                    offset=blob.header.totalsize,
                    remedy="Use find_blobs() for a file that holds several",
                )
            blob = cls(section, blob.header)
        blob._fresh = blob._read()
        return blob

    @classmethod
    def glance(cls, source: Readable) -> Self:
        """Read one, and check its header and the beginning of its blocks only; :meth:`tree` checks the rest.

        Args:
            source: Where the bytes are; what follows ``totalsize`` is left out.

        Returns:
            The blob.

        Raises:
            FormatError: If the header, the reservations or the first token are wrong.
        """
        section = Section.of(source)
        header = Header.parse(section.read(0, HEADER_SIZE), section.size)
        section = section[: header.totalsize]
        if header.version >= 16 and _first_token(section, header) != b"\0\0\0\1\0\0\0\0":
            raise FormatError(
                "The structure block does not begin with a root",
                format=KIND,
                field="off_dt_struct",
                offset=header.off_dt_struct,
            )
        return cls(section, header)

    @classmethod
    def build(
        cls,
        tree: DeviceTree,
        *,
        canonical: bool = False,
        padding: int = 0,
        smallest: int = 0,
        align: int = 1,
        version: int | None = None,
        spare: int = 0,
    ) -> Self:
        """Write a tree.

        Args:
            tree: The tree.
            canonical: Lay it out as :program:`dtc` does, instead of as the blob that the tree was read from.
            padding: Bytes to leave free at the end, for a bootloader that adds to it: ``dtc -p``.
            smallest: Leave as many free at the end as bring it to this size in bytes: ``dtc -S``.
            align: Make the size a multiple of this: ``dtc -a``.
            version: Version of the layout, 1, 2, 3, 16 or 17; None: as it was, else 17. ``dtc -V``.
            spare: Empty entries behind the memory reservations: ``dtc -R``.

        Returns:
            The blob.

        Raises:
            FormatError: If there is no such version.

        Example:
            >>> from pmport.devicetree import DeviceTree
            >>> Blob.build(DeviceTree(), smallest=1000, align=64).size
            1024
        """
        data = write(tree, canonical=canonical, padding=padding, version=version, spare=spare)
        size = max(len(data), smallest)
        size += -size % align
        if size > len(data):
            data = data[:4] + size.to_bytes(4, "big") + data[8:] + bytes(size - len(data))
        section = Section.of(data)
        return cls(section, Header.parse(section.read(0, HEADER_SIZE), section.size))

    def tree(self, *, unique: bool = True) -> DeviceTree:
        """The tree, to read and to edit.

        Args:
            unique: Refuse a tree in which two nodes have one phandle.

        Returns:
            A new tree at each call; editing it does not change the blob.

        Raises:
            FormatError: If the structure is wrong; never after :meth:`parse`.
        """
        fresh, self._fresh = self._fresh, None
        return fresh or self._read(unique=unique)

    def _read(self, *, unique: bool = True) -> DeviceTree:
        return read_tree(self._section.read(0, self.header.totalsize), self.header, unique=unique)

    def parts(self) -> Iterator[Part]:
        """The blocks of the blob, in their order.

        Yields:
            Header, reservations, structure and strings, with what stands between.
        """
        header = self.header
        data = self._section.read(0, header.totalsize)
        blocks = sorted(
            [
                (header.off_mem_rsvmap, read_reservations(data, header)[1], "memory reservations"),
                (header.off_dt_struct, header.off_dt_struct + header.size_dt_struct, "structure"),
                (header.off_dt_strings, header.off_dt_strings + header.size_dt_strings, "strings"),
            ]
        )
        first = blocks[0][0]
        yield Part("header", self._section[:first], Role.HEADER)
        past = first
        for begin, end, name in blocks:
            if begin > past:
                yield Part("padding", self._section[past:begin], Role.PADDING)
            if end > max(begin, past):
                yield Part(name, self._section[max(begin, past) : end], Role.HEADER)
            past = max(past, end)
        if past < self._section.size:
            yield Part("padding", self._section[past:], Role.PADDING)

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self._section.size

    def section(self) -> Section:
        """Its bytes as one section, nothing copied.

        Returns:
            The section.
        """
        return self._section

    def __bytes__(self) -> bytes:
        return self._section.read()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Blob) and bytes(self) == bytes(other)

    def __hash__(self) -> int:
        return hash(bytes(self))

    def __reduce__(self) -> tuple[type[Blob], tuple[Section, Header]]:
        return Blob, (self._section, self.header)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The header, and who the tree is for."""
        tree = self._read()
        for label in ("model", "compatible"):
            if tree.root.strings(label):
                yield label, ", ".join(tree.root.strings(label))
        for label in ("qcom,msm-id", "qcom,board-id", "qcom,pmic-id"):
            if tree.root.cells(label):
                yield label, " ".join(f"{cell:#x}" for cell in tree.root.cells(label))
        nodes = list(tree.walk())
        yield "version", f"{self.header.version} (compatible from {self.header.last_comp_version})"
        yield "nodes", len(nodes)
        yield "properties", sum(len(node.raw) for node in nodes)
        yield "memory reservations", " ".join(f"{base:#x}+{size:#x}" for base, size in tree.reservations) or "none"
        if tree.is_overlay:
            yield "overlay", f"{len(tree.root.children)} nodes below the root"

    def __repr__(self) -> str:
        return f"<Blob version {self.header.version}, {self.size} bytes>"


def _first_token(section: Section, header: Header) -> bytes:
    start = header.off_dt_struct
    head = section.read(start, min(header.size_dt_struct, 4096))
    skip = 0
    while head[skip : skip + 4] == b"\0\0\0\4":
        skip += 4
        if skip >= len(head) - 8:
            start, skip = start + skip, 0
            head = section.read(start, min(header.off_dt_struct + header.size_dt_struct - start, 4096))
    return head[skip : skip + 8]


class FoundBlob(NamedTuple):
    """A blob within something larger.

    Args:
        offset: Where it starts, in bytes.
        blob: The blob.
    """

    offset: int
    blob: Blob


def find_blobs(data: Readable, *, limit: int | None = None) -> tuple[FoundBlob, ...]:
    r"""Every device tree blob in something larger, such as a kernel with appended trees or an unknown partition.

    A magic alone proves nothing: header, blocks and first token have to fit. What lies within a blob is not searched.

    Args:
        data: Where to look.
        limit: Stop after that many.

    Returns:
        The blobs with their offsets, in order. Their structure is checked when :meth:`Blob.tree` reads it.

    Example:
        >>> from pmport.devicetree import DeviceTree
        >>> blob = bytes(DeviceTree())
        >>> [found.offset for found in find_blobs(b"kernel" + blob + b"\xd0\x0d\xfe\xed" + blob)]
        [6, 82]
    """
    section = Section.of(data)
    found: list[FoundBlob] = []
    offset = section.find(MAGIC)
    while offset >= 0 and (limit is None or len(found) < limit):
        try:
            blob = Blob.glance(section[offset:])
        except FormatError:
            offset = section.find(MAGIC, offset + 1)
            continue
        found.append(FoundBlob(offset, blob))
        offset = section.find(MAGIC, offset + blob.header.totalsize)
    return tuple(found)

"""A kernel with device trees behind it: ``zImage-dtb``, ``Image.gz-dtb``.

A magic alone proves nothing, for kernels hold it in their code, and trees of their own in the middle. What counts as
appended is a run of whole blobs (header, blocks and first token fit) that ends where the file ends, but for padding.

Example:
    >>> from pmport.devicetree import DeviceTree
    >>> tree = bytes(DeviceTree())
    >>> kernel = KernelWithTrees.build(b"kernel" * 99, [tree, tree])
    >>> [child.name for child in kernel.children], KernelWithTrees.parse(bytes(kernel)).kernel.size
    (['kernel', 'dtb.0', 'dtb.1'], 594)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from pmport.devicetree.blob import find_blobs
from pmport.errors import FormatError
from pmport.formats.streams.codecs import kind_of
from pmport.node import Container, Format, Part, Role
from pmport.section import Readable, Section

__all__ = ["KernelWithTrees", "appended_trees", "may_have_trees"]

FORMAT = "kernel with appended device trees"
LARGEST = 256 << 20
"""Larger files are no kernels, and are not searched, bytes."""
LARGEST_GAP = 4096
"""Fill between appended trees, and behind the last one unless it is all zeros, bytes."""
ZIMAGE_MAGIC = b"\x18\x28\x6f\x01"
KERNEL_MAGICS = ((0x24, ZIMAGE_MAGIC), (56, b"ARM\x64"), (56, b"RSC\x05"), (0, b"UNCOMPRESSED_IMG"))


class KernelWithTrees(Container):
    """A kernel of any kind, and the device trees appended to it.

    Args:
        kernel: The kernel.
        trees: The trees, each with the fill that follows it.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(
        probe="may_have_trees",
        certain=False,
        writes="identical, build, edit",
        source="kernel source, CONFIG_ARM_APPENDED_DTB; Image.gz-dtb of vendor kernels",
        limits="up to 256 MiB",
    )

    def __init__(self, kernel: Section, trees: Iterable[tuple[Section, Section]]) -> None:
        self.kernel = kernel
        self._trees = tuple(trees)

    @property
    def trees(self) -> tuple[Section, ...]:
        """The blobs, in order."""
        return tuple(tree for tree, _ in self._trees)

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The value.

        Raises:
            FormatError: If no tree is appended.
        """
        section = Section.of(source)
        runs = appended_trees(section)
        if not runs:
            raise FormatError("No device tree is appended", format=FORMAT, offset=section.size)
        ends = [start for start, _ in runs[1:]] + [section.size]
        trees = [
            (section[start : start + size], section[start + size : end])
            for (start, size), end in zip(runs, ends, strict=True)
        ]
        return cls(section[: runs[0][0]], trees)

    @classmethod
    def build(cls, kernel: Readable, trees: Iterable[Readable]) -> Self:
        """Append trees to a kernel, back to back, as ``cat`` does.

        Args:
            kernel: The kernel.
            trees: Whole blobs.

        Returns:
            The value.
        """
        return cls(Section.of(kernel), [(Section.of(tree), Section.zeros(0)) for tree in trees])

    def replace(self, **sections: Readable) -> Self:
        """Other parts; fill behind a tree that is replaced is left out.

        Args:
            sections: ``kernel=``, or ``**{"dtb.0": …}``.

        Returns:
            A new value.

        Raises:
            FormatError: If there is no such part.
        """
        names = {"kernel", *(f"dtb.{index}" for index in range(len(self._trees)))}
        if unknown := sections.keys() - names:
            raise FormatError(f"There is no part {', '.join(sorted(unknown))}", format=FORMAT)
        new = {name: Section.of(section) for name, section in sections.items()}
        trees = [
            (new[f"dtb.{index}"], Section.zeros(0)) if f"dtb.{index}" in new else pair
            for index, pair in enumerate(self._trees)
        ]
        return type(self)(new.get("kernel", self.kernel), trees)

    def parts(self) -> Iterator[Part]:
        """The kernel, then the trees."""
        yield Part("kernel", self.kernel)
        for index, (tree, fill) in enumerate(self._trees):
            yield Part(f"dtb.{index}", tree)
            if fill:
                yield Part(f"fill {index}", fill, Role.PADDING)

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many trees."""
        yield "appended device trees", len(self._trees)


def may_have_trees(section: Section) -> bool:
    """Whether something begins as a kernel, plain or compressed, and trees are appended.

    Args:
        section: Anything.

    Returns:
        True where both hold.
    """
    head = section.read(0, 64)
    plain = any(head.startswith(magic, offset) for offset, magic in KERNEL_MAGICS)
    return (plain or kind_of(head) is not None) and section.size <= LARGEST and bool(appended_trees(section))


def appended_trees(section: Section) -> tuple[tuple[int, int], ...]:
    """Device trees at the end of a kernel.

    Args:
        section: The kernel and what is behind it. Of a zImage what its header counts is not searched.

    Returns:
        ``(offset, size)`` of each, in bytes; empty where none is appended.
    """
    begin = _end_of_zimage(section)
    found = [
        (begin + offset, blob.header.totalsize) for offset, blob in find_blobs(section[begin:]) if begin + offset > 0
    ]
    end = section.size
    run: list[tuple[int, int]] = []
    for offset, size in reversed(found):
        gap = section[offset + size : end]
        if gap.size > LARGEST_GAP and (run or not gap.is_zero()):
            break
        run.append((offset, size))
        end = offset
    return tuple(reversed(run))


def _end_of_zimage(section: Section) -> int:
    head = section.read(0, 0x30)
    if head[0x24:0x28] != ZIMAGE_MAGIC:
        return 0
    size = int.from_bytes(head[0x2C:0x30], "little") - int.from_bytes(head[0x28:0x2C], "little")
    return size if 0 < size <= section.size else 0

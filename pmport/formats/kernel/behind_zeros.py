r"""A kernel that does not begin with the section's first byte, but behind zeros: 32 bit ARM runs through them.

Example:
    >>> found = KernelBehindZeros.parse(bytes(512) + bytes(range(1, 57)) + b"ARM\x64" + bytes(99))
    >>> [part.name for part in found.parts()], found["kernel"].KIND
    (['zeros', 'kernel'], 'arm64 Image')
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.kernel.appended_dtb import KERNEL_MAGICS
from pmport.formats.streams.codecs import beginning, kind_of
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["KernelBehindZeros", "stands_behind_zeros"]

FEWEST = 16
"""Zeros that begin no kernel: fewer may be its own."""
SEARCHED = 1 << 20
"""How far a kernel is looked for, bytes."""
KINDS = frozenset({"gzip", "xz", "lzma", "bzip2", "lz4-legacy", "lzop"})
"""Compressions whose first bytes of content show whether it is a kernel."""


class KernelBehindZeros(Container):
    """Zeros, and a kernel of any form.

    Args:
        zeros: The zeros.
        kernel: What follows.
    """

    KIND: ClassVar[str] = "kernel behind zeros"
    FORMAT = Format(
        probe="stands_behind_zeros",
        certain=False,
        guess=True,
        writes="identical, edit",
        source="what is there: zeros, then the mark of a kernel",
        limits="unverified: no real sample; in the first MiB",
    )

    def __init__(self, zeros: Section, kernel: Section) -> None:
        self._zeros = zeros
        self.kernel: Section = kernel

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Find the kernel.

        Args:
            source: Where it is.

        Returns:
            The value.

        Raises:
            FormatError: If there are no zeros, or no kernel behind them.
        """
        section = Section.of(source)
        at = _place(section)
        if not at:
            raise FormatError("No kernel stands behind zeros", format=cls.KIND, offset=0)
        return cls(section[:at], section[at:])

    def replace(self, *, kernel: Readable | None = None) -> Self:
        """Another kernel behind the same zeros.

        Args:
            kernel: The kernel; None: the same.

        Returns:
            A new value.
        """
        return self if kernel is None else type(self)(self._zeros, Section.of(kernel))

    def parts(self) -> Iterator[Part]:
        """The zeros and the kernel."""
        yield Part("zeros", self._zeros, Role.PADDING)
        yield Part("kernel", self.kernel)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Where the kernel begins."""
        yield "kernel at", f"{self._zeros.size:#x}"


def stands_behind_zeros(section: Section) -> bool:
    """Whether some zeros, and then a kernel, begin something.

    Args:
        section: The bytes.

    Returns:
        True for both.
    """
    return _place(section) > 0


def _place(section: Section) -> int:
    """Where the kernel begins; 0 where there is none behind zeros."""
    if section.read(0, FEWEST) != bytes(FEWEST):
        return 0
    head = section.read(0, SEARCHED)
    at = len(head) - len(head.lstrip(b"\0"))
    return next((place for place in (at, at & ~3) if _is_kernel(section[place:])), 0) if at < len(head) else 0


def _is_kernel(section: Section) -> bool:
    head = section.read(0, 64)
    if _is_marked(head):
        return True
    kind = kind_of(head)
    if kind not in KINDS:
        return False
    try:
        return _is_marked(beginning(section, kind))
    except FormatError:
        return False


def _is_marked(head: bytes) -> bool:
    return any(head.startswith(magic, offset) for offset, magic in KERNEL_MAGICS)

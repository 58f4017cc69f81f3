"""A row of the table of formats: what must be known of a format before its module is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pmport.lazy import named
from pmport.node import Format

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from pmport.node import Node
    from pmport.section import Section

__all__ = ["FormatRow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatRow(Format):
    """One format: what its class declares, with its name and where the class is.

    Args:
        kind: Its standard name; equals the class's ``KIND``.
        path: ``"module:Class"``, a :class:`~pmport.node.Node`.
    """

    kind: str
    path: str

    @classmethod
    def of(cls, format: type[Node]) -> Self:
        """The row of a class.

        Args:
            format: The class.

        Returns:
            Its row.
        """
        declared = format.FORMAT
        fields = {name: getattr(declared, name) for name in Format.__slots__}
        return cls(kind=format.KIND, path=f"{format.__module__}:{format.__qualname__}", **fields)

    def load(self) -> type[Node]:
        """The class behind the row.

        Returns:
            The format's type.
        """
        return cast("type[Node]", named(self.path))

    def fits(self, head: bytes, section: Section) -> bool:
        """Whether the bytes may be of this format.

        Args:
            head: The first bytes: a page, and a magic that begins in its last byte.
            section: All of them.

        Returns:
            True where a magic stands in its place, or the probe says so.
        """
        if any(head.startswith(magic, offset) for offset, magic in self.magics):
            return True
        if not self.probe:
            return False
        module = self.path.partition(":")[0]
        return bool(cast("Callable[[Section], bool]", named(f"{module}:{self.probe}"))(section))

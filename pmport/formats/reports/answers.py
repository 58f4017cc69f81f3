"""What phones answer when they are asked for their variables: a mapping, in the order of the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from pmport.node import Node

__all__ = ["Answers"]

T = TypeVar("T")


class Answers(Node, Mapping[str, str]):
    """Name → value, as the phone wrote it.

    As with a :class:`collections.Counter`, what the phone does not have reads as an empty text, and is not in the mapping.

    Args:
        values: Name → value.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> str:
        """The value, "" where the phone has none of that name."""
        return self._values.get(name, "")

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __bool__(self) -> bool:
        return True

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, /, default: str | T) -> str | T: ...
    def get(self, name: str, /, default: object = None) -> object:
        """The value, or ``default`` where the phone has none of that name."""
        return self._values.get(name, default)

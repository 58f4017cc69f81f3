"""What archives, packages and partitioned images have in common: members that are sections, wherever their bytes are.

A member that stands in the file in one piece is a part of it; one that must be decompressed or put together from several
places is a facet, and reads through a source that does so when it is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pmport.findings import Finding, Severity
from pmport.node import Container, Node, Part, Role

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["Member", "Members", "is_unsafe", "laid_out"]


class Member(NamedTuple):
    """One member.

    Args:
        name: Its name, as the archive writes it; never used as a path unchecked.
        section: Its content.
        offset: Where its content stands in one piece, bytes from the start of the container; None if it does not.
        problem: Why ``section`` is not what its name promises: it is encrypted, a symbolic link, or packed by a method that
            pmport does not know; "" for a file.
    """

    name: str
    section: Section
    offset: int | None = None
    problem: str = ""


def is_unsafe(name: str) -> bool:
    r"""Whether a name would leave the directory that it is extracted to.

    Args:
        name: A member's name.

    Returns:
        True for absolute names, drive letters, ``..`` and NUL.

    Example:
        >>> [is_unsafe(name) for name in ("boot.img", "../boot.img", "/etc/passwd", "C:\\x")]
        [False, True, True, True]
    """
    pieces = name.replace("\\", "/").split("/")
    return ".." in pieces or not pieces[0] or ":" in pieces[0] or "\0" in name


def laid_out(section: Section, members: Iterable[Member], header: str = "header") -> Iterator[Part]:
    """The parts of a container whose members stand between its own tables.

    Args:
        section: The container.
        members: Its members; those without an offset, and those that overlap an earlier one, are no parts.
        header: What the bytes between members are called.

    Yields:
        The parts, in order and without a gap; the names of members are unique.
    """
    at = number = 0
    taken: dict[str, int] = {}
    placed = [(member.offset, member) for member in members if member.offset is not None and member.section.size]
    for offset, member in sorted(placed, key=lambda pair: pair[0]):
        if offset < at:
            continue
        if offset > at:
            yield Part(f"{header} {number}", section[at:offset], Role.HEADER)
            number += 1
        taken[member.name] = count = taken.get(member.name, 0) + 1
        content = section[offset : offset + member.section.size]  # as it stands, also where it is damaged
        yield Part(f"{member.name} ({count})" if count > 1 else member.name, content)
        at = offset + member.section.size
    if at < section.size or not section.size:
        yield Part(f"{header} {number}", section[at:], Role.HEADER)


class Members(Container):
    """A container with named members.

    Args:
        section: All of its bytes.
        members: The members, in the container's order.
    """

    def __init__(self, section: Section, members: tuple[Member, ...]) -> None:
        self._section = section
        self.members = members

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, as they are written."""
        return tuple(member.name for member in self.members)

    def member(self, name: str) -> Section:
        """The content of a member.

        Args:
            name: Its name; of several with one name, the last counts.

        Returns:
            The content; read, and decompressed, when it is read.

        Raises:
            KeyError: If there is none.
        """
        for member in reversed(self.members):
            if member.name == name:
                return member.section
        raise KeyError(f"no member is named {name!r}; there are {', '.join(self.names) or 'none'}")

    def damaged(self, names: Collection[str] | None = None) -> tuple[str, ...]:
        """Members that do not match the checksums that the container carries; reads them.

        Args:
            names: Only these; None: all.

        Returns:
            Their names; none where the container has no such checksums.
        """
        del names
        return ()

    def __getitem__(self, name: str) -> Node:
        """The member of that name, as its own type."""
        return self.opened(self.member(name))

    def parts(self) -> Iterator[Part]:
        """Tables, and the members that stand in one piece."""
        yield from laid_out(self._section, self.members)

    def contents(self) -> Mapping[str, Section]:
        """The members that are not there in one piece, or are compressed.

        Returns:
            Name → content; of several members with one name the last.
        """
        return {member.name: member.section for member in self.members if member.offset is None and member.section.size}

    def facets(self) -> Iterator[tuple[str, Node]]:
        """The members that do not stand in one piece."""
        for member in self.members:
            if member.offset is None and member.section.size:
                yield member.name, self.opened(member.section)

    def describe(self) -> Iterator[tuple[str, object]]:
        """How many members there are."""
        yield "members", len(self.members)

    def findings(self) -> tuple[Finding, ...]:
        """Damaged members, names that must not become paths, and names that come twice. Reads what has a checksum.

        Returns:
            The findings.
        """
        found = [
            Finding(
                Severity.ERROR,
                "member-damaged",
                f"{name!r} is damaged: it cannot be read, or its checksum is wrong",
                where=name,
                fix="get the file again",
            )
            for name in self.damaged()
        ]
        found += [
            Finding(Severity.WARNING, "unsafe-name", f"{name!r} would leave the folder it is extracted to", where=name)
            for name in self.names
            if is_unsafe(name)
        ]
        found += [
            Finding(Severity.WARNING, "no-file", f"{member.name!r} {member.problem}", where=member.name)
            for member in self.members
            if member.problem
        ]
        if len(set(self.names)) < len(self.names):
            found.append(Finding(Severity.NOTE, "double-name", "Several members have one name; the last counts"))
        return tuple(found)

"""What every format has in common: parts in order, how it is written and shown; and of containers: children by name.

A format is one class in one module. It inherits :class:`Node`, or :class:`Container` where others are in it, and speaks
like all the others: ``T.parse(source)``, ``bytes(t)``, ``t.write_to(file)``, where it can be made from parts
``T.build(…)``, and where it can be edited ``t.replace(name=section)``, which gives a new value.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self, TypeVar, cast

from pmport.file_writing import replacing
from pmport.findings import Finding, Severity
from pmport.redaction import redact
from pmport.render import Bar, Renders, Stack, Table, View, size_text
from pmport.section import Section, write_all

if TYPE_CHECKING:
    from pmport.section import Readable, Writable

__all__ = ["Child", "Container", "Data", "Format", "Node", "Part", "Role"]

DEPTH_LIMIT = 32
"""How many containers may stand in each other; the deepest real package, of a factory zip, has nine."""
MOST_KEPT = 4 << 20
"""Children are kept as long as those that are kept have fewer bytes."""
_REGISTRY = "pmport.formats.registry"
"""The table of formats, by name: it stands two floors above, and names its formats in the same way."""


class Role(StrEnum):
    """What a part of a container is for."""

    HEADER = "header"
    """The format's own fields and tables."""
    CONTENT = "content"
    """What the container carries; a child."""
    PADDING = "padding"
    """Fill up to an alignment. Usually zeros, kept as they are."""
    TAIL = "tail"
    """Bytes before or behind that the format does not describe: signatures, vendor marks, prefixes."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a format's class declares of it: how its bytes are known, and what its documentation says.

    Args:
        magics: ``(offset, bytes)``; any of them suffices.
        probe: Function of the class's module from a section to bool, for formats that no fixed magic finds.
        certain: The magic is long enough that a failing parse is the user's broken file, not another format.
        guess: It takes what may be anything else, and is tried after the formats of other distributions.
        reads: How much of it is read, for the table in the documentation.
        writes: How much of it is written: ``"identical"``, ``"build"``, ``"edit"``, or ``"no"`` and why.
        source: Where the layout comes from.
        limits: What is not handled, in a few words.
    """

    magics: tuple[tuple[int, bytes], ...] = ()
    probe: str = ""
    certain: bool = True
    guess: bool = False
    reads: str = "all"
    writes: str = "identical"
    source: str = ""
    limits: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One range of a container.

    Args:
        name: What the field calls it: ``kernel``, ``ramdisk``, ``dtb``; unique among the contents of one container.
        section: Its bytes, as they stand in the container.
        role: What it is for.
    """

    name: str
    section: Section
    role: Role = Role.CONTENT


@dataclass(frozen=True, slots=True)
class Child:
    """A content part of a container, opened when it is asked for.

    Args:
        name: Its name within the container.
        offset: Where it starts, in bytes from the start of the container.
        section: Its bytes.
        depth: How many containers it stands in.
        kept: Children of the same container that were opened before, by name.
    """

    name: str
    offset: int
    section: Section
    depth: int = 1
    kept: dict[str, Node] | None = field(default=None, repr=False, compare=False)

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.section.size

    @property
    def node(self) -> Node:
        """The child as its own type; :class:`Data` where no format is recognised."""
        known = self.kept.get(self.name) if self.kept else None
        if known is not None:
            return known
        node = _opened(self.section, self.depth)
        if node.WORTH_KEEPING and self.kept is not None and sum(other.size for other in self.kept.values()) < MOST_KEPT:
            self.kept[self.name] = node
        return node

    @property
    def kind(self) -> str:
        """The name of the child's format."""
        return self.node.KIND


def _opened(section: Section, depth: int) -> Node:
    """What stands in a container, as its own type: the one place where something inside is opened."""
    if depth > DEPTH_LIMIT:
        node: Node = Data(section, too_deep=True)
    else:
        node = cast("Node", import_module(_REGISTRY).recognise_or_data(section))
    node.depth = depth
    return node


class Node(Renders, ABC):
    """One recognised thing: an image, a table, a tree, a file inside a container."""

    KIND: ClassVar[str]
    """The format's standard name, as ``docs/formats.md`` lists it."""
    FORMAT: ClassVar[Format]
    """How it is known, and what is handled; the table of formats is printed from it."""
    WORTH_KEEPING: ClassVar[bool] = False
    """Whether a container keeps it once it was opened: reading it costs much, and what was read is not much larger."""
    depth: int = 0
    """How many containers it was opened from."""

    @classmethod
    @abstractmethod
    def parse(cls, source: Readable) -> Self:
        """Read one from bytes.

        Args:
            source: Where the bytes are; whatever :meth:`pmport.section.Section.of` takes.

        Returns:
            The value; it keeps the source and reads payloads when they are wanted.

        Raises:
            FormatError: If the bytes are not what the format says; with field and offset.
        """

    @abstractmethod
    def parts(self) -> Iterator[Part]:
        """Everything it is made of, in order and without a gap: joined, the parts are its bytes.

        Yields:
            The parts.
        """

    def describe(self) -> Iterator[tuple[str, object]]:
        """What ``pmport inspect`` prints of it: its fields as ``(label, value)``, in the order of the header."""
        yield from ()

    def findings(self) -> tuple[Finding, ...]:
        """What is odd about it, without being an error.

        Returns:
            The findings; usually none.
        """
        return ()

    def facets(self) -> Iterator[tuple[str, Node]]:
        """What it holds beside its parts, as ``(name, node)``: a kernel's configuration, a stream's content."""
        yield from ()

    def contents(self) -> Mapping[str, Section]:
        """What it carries that is not there as it stands: decompressed, expanded, put together from several places.

        ``unpack`` writes these beside the parts; where the format can be edited, ``replace`` takes them by these names.

        Returns:
            Name → content; usually empty.

        Raises:
            FormatError: If it cannot be made.
        """
        return {}

    def fields(self) -> Mapping[str, str | int]:
        """The header fields that ``replace`` takes: what a person may change in an unpacked container's manifest.

        Returns:
            Keyword → value; usually empty.
        """
        return {}

    def hints(self) -> Mapping[str, str]:
        """What ``replace`` has to be told once a part is gone, because only the old part and the header showed it.

        Returns:
            Keyword → value, such as how a boot image's id is made; usually empty.
        """
        return {}

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return sum(part.section.size for part in self.parts())

    @property
    def children(self) -> tuple[Child, ...]:
        """The content parts, by name and offset; only a :class:`Container` has some."""
        return ()

    def walk(self, path: str = "") -> Iterator[tuple[str, Node]]:
        """It and everything inside, depth first.

        Args:
            path: The path of this node; the root's is empty.

        Yields:
            ``(path, node)``; the names of a path are joined by ``/``.
        """
        yield path, self
        for child in self.children:
            yield from child.node.walk(f"{path}/{child.name}".lstrip("/"))
        for name, node in self.facets():
            yield from node.walk(f"{path}/{name}".lstrip("/"))

    def close(self) -> None:
        """Close the file that it was opened from; what was not read yet cannot be read any more."""
        for part in self.parts():
            part.section.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def section(self) -> Section:
        """Its bytes as one section, nothing copied.

        Returns:
            The section over all parts.
        """
        return Section.joined((part.section for part in self.parts()), self.KIND)

    def __bytes__(self) -> bytes:
        return b"".join(part.section.read() for part in self.parts())

    def write_to(self, file: Writable) -> int:
        """Write it, in pieces.

        Args:
            file: A path, which then holds all of it or is as before; or a file that is open for writing.

        Returns:
            How many bytes were written.
        """
        if isinstance(file, (str, PathLike)):
            with replacing(file) as opened:
                return self._write(opened)
        return self._write(file)

    def _write(self, file: BinaryIO) -> int:
        return write_all((part.section for part in self.parts()), file)

    def view(self) -> View:
        """The layout to scale, and the fields, what identifies the phone redacted.

        Returns:
            A bar and a table.
        """
        named = [(part.name, part.section.size) for part in self.parts()]
        rows = [(label, redact(str(value))) for label, value in self.describe()]
        title = f"{self.KIND}, {size_text(self.size)}"
        fields = Table(("field", "value"), rows, title=title)
        return Stack([fields, Bar(named)]) if len(named) > 1 else fields

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.size} bytes>"


N = TypeVar("N", bound=Node)


class Container(Node):
    """A node with others inside: its content parts by name, and what it holds beside them."""

    @property
    def children(self) -> tuple[Child, ...]:
        """The content parts, by name and offset."""
        children = []
        kept: dict[str, Node] = self.__dict__.setdefault("_kept", {})
        offset = 0
        for part in self.parts():
            if part.role is Role.CONTENT and part.section.size:
                children.append(Child(part.name, offset, part.section, self.depth + 1, kept))
            offset += part.section.size
        return tuple(children)

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name != "_kept"}

    def __getitem__(self, name: str) -> Node:
        """The child, or the thing held beside the parts, of that name, as its own type."""
        for child in self.children:
            if child.name == name:
                return child.node
        held = dict(self.facets())
        if name in held:
            return held[name]
        raise KeyError(f"nothing is named {name!r}; there are {', '.join((*self._child_names(), *held)) or 'none'}")

    def _child_names(self) -> Iterator[str]:
        return (child.name for child in self.children)

    def opened(self, section: Section) -> Node:
        """Something that stands in it, as its own type; whoever gives out children opens them here.

        Args:
            section: Its bytes.

        Returns:
            The node; :class:`Data` where no format is recognised, and with a finding where containers stand in each
            other without an end.
        """
        return _opened(section, self.depth + 1)

    def find(self, kind: type[N], /) -> N | None:
        """The first of a type inside, wherever it is: a boot image's device tree, a package's boot image.

        Args:
            kind: The type.

        Returns:
            The first in the order of :meth:`walk`, or None; ``walk`` gives all of them, with their paths.
        """
        return next((node for _, node in self.walk() if node is not self and isinstance(node, kind)), None)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.size} bytes: {', '.join(self._child_names()) or 'no parts'}>"


class Data(Node):
    """Bytes of no format that pmport knows.

    Args:
        section: The bytes.
        too_deep: They were not looked at, because they stand in :data:`DEPTH_LIMIT` containers.
    """

    KIND: ClassVar[str] = "data"

    def __init__(self, section: Section, *, too_deep: bool = False) -> None:
        self._section = section
        self._too_deep = too_deep

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Take any bytes.

        Args:
            source: Where they are.

        Returns:
            The value; never fails.
        """
        return cls(Section.of(source))

    def parts(self) -> Iterator[Part]:
        """The bytes, as one part."""
        yield Part("data", self._section, Role.HEADER)

    def findings(self) -> tuple[Finding, ...]:
        """Whether it was left closed because too much stands in each other.

        Returns:
            One finding, if so.
        """
        if not self._too_deep:
            return ()
        what = f"It stands in {DEPTH_LIMIT} containers, one in the other: what is in it was not looked at"
        fix = "Open the part by itself, if it is worth it"
        return (Finding(Severity.WARNING, "nested-too-deep", what, fix=fix),)

    def describe(self) -> Iterator[tuple[str, object]]:
        """What they look like, where that is known, and the first of them in hexadecimal.

        Yields:
            ``(label, value)``.
        """
        foreign = import_module("pmport.formats.foreign").identify(self._section)
        if foreign is not None:
            yield "looks like", foreign.word
        yield "begins", self._section.read(0, 16).hex(" ")

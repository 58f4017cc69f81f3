"""U-Boot's FIT image: a device tree whose ``/images`` hold kernels, ramdisks and device trees.

Its ``/configurations`` say which of them belong together. The data of an image stand in its ``data`` property, or behind the tree, at ``data-offset`` from the tree's end (rounded up
to four bytes) or at ``data-position`` from the file's start (U-Boot, ``doc/usage/fit/source_file_format.rst``).
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.devicetree import Blob
from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.wrapper import Range, cut
from pmport.node import Container, Format, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode
    from pmport.section import Readable

__all__ = ["FitImage", "is_fit"]

KIND = "FIT image"
MAGIC = b"\xd0\x0d\xfe\xed"
LARGEST_TREE = 256 << 20
HASHES: dict[str, Callable[[bytes], bytes]] = {
    "crc32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "md5": lambda data: hashlib.md5(data, usedforsecurity=False).digest(),
    "sha1": lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
}


def is_fit(section: Section) -> bool:
    """Whether a device tree is a FIT: it has ``/images`` with something in it.

    Args:
        section: The bytes.

    Returns:
        False for every other device tree.
    """
    head = section.read(0, 8)
    if not head.startswith(MAGIC) or len(head) < 8:
        return False
    size = int.from_bytes(head[4:], "big")
    if size > min(section.size, LARGEST_TREE) or section.find(b"images\0", 0, size) < 0:
        return False
    try:
        images = Blob.parse(section[:size]).tree().root.children.get("images")
    except FormatError:
        return False
    return images is not None and any(
        {"data", "data-offset", "data-position"} & node.raw.keys() for node in images.children.values()
    )


class FitImage(Container):
    """A FIT image; its children are its images, by their names.

    Args:
        section: All of it.
        tree: Its tree.
        places: Image → (offset, size) of its data in the file.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(
        probe="is_fit", source="U-Boot doc/usage/fit/source_file_format.rst", limits="signatures are not checked"
    )

    def __init__(self, section: Section, tree: DeviceTree, places: dict[str, tuple[int, int]]) -> None:
        self._section = section
        self.tree = tree
        self._places = places

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The image.

        Raises:
            FormatError: If the tree is broken, or data lie outside the file.
        """
        section = Section.of(source)
        size = int.from_bytes(section.read(4, 4), "big")
        if size > LARGEST_TREE:
            raise FormatError(f"Its tree has {size} bytes", format=KIND, field="totalsize", offset=4)
        tree = Blob.parse(section[: min(size, section.size)]).tree()
        images = tree.root.children.get("images")
        if images is None:
            raise FormatError("It has no /images", format=KIND, field="images")
        places: dict[str, tuple[int, int]] = {}
        at = 0
        for node in images.children.values():
            place = _place(node, section, size, at)
            if place is None:
                continue
            if sum(place) > section.size:
                raise FormatError(
                    f"The image {node.name} ends at {sum(place)}, and the file at {section.size}",
                    format=KIND,
                    field=node.name,
                    offset=place[0],
                )
            places[node.name] = place
            at = sum(place) if "data" in node.raw else at
        return cls(section, tree, places)

    @property
    def configurations(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Configuration → role (``kernel``, ``ramdisk``, ``fdt`` …) → images."""
        holder = self.tree.root.children.get("configurations")
        return {
            node.name: {name: node.strings(name) for name in node.raw if name in ROLES}
            for node in (holder.children.values() if holder is not None else ())
        }

    def parts(self) -> Iterator[Part]:
        """The tree's own bytes as headers, the images as contents."""
        ranges = [Range(name, at, size) for name, (at, size) in self._places.items()]
        for part in cut(self._section, ranges, KIND):
            yield part if part.name in self._places else Part(part.name, part.section, Role.HEADER)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The description, the images and the configurations."""
        yield "description", next(iter(self.tree.root.strings("description")), "")
        images = self.tree.root.children["images"]
        for node in images.children.values():
            words = [
                next(iter(node.strings(name)), "") for name in ("type", "arch", "os", "compression", "description")
            ]
            yield f"image {node.name}", ", ".join(filter(None, words))
        holder = self.tree.root.children.get("configurations")
        default = next(iter(holder.strings("default")), "") if holder is not None else ""
        for name, roles in self.configurations.items():
            said = ", ".join(f"{role} {' '.join(names)}" for role, names in roles.items())
            yield f"configuration {name}", said + (" (default)" if name == default else "")

    def findings(self) -> tuple[Finding, ...]:
        """Images whose hash is not what the tree says.

        Returns:
            The findings; signatures are not checked.
        """
        return tuple(self._broken_hashes())

    def _broken_hashes(self) -> Iterator[Finding]:
        for name, (at, size) in self._places.items():
            node = self.tree.root.children["images"].children[name]
            for child in node.children.values():
                algorithm = next(iter(child.strings("algo")), "")
                if not child.unit_name.startswith("hash") or algorithm not in HASHES or "value" not in child:
                    continue
                if HASHES[algorithm](self._section.read(at, size)) != child.raw["value"]:
                    message = f"the {algorithm} of {name} is another one"
                    yield Finding(Severity.ERROR, "hash", message, where=name, why="U-Boot refuses it")


ROLES = frozenset({"kernel", "ramdisk", "fdt", "firmware", "loadables", "setup", "fpga", "script", "standalone"})


def _place(node: TreeNode, section: Section, size: int, after: int) -> tuple[int, int] | None:
    if "data" in node.raw:
        data = node.raw["data"]
        found = section.find(data, after, size) if data else -1
        return (found, len(data)) if found >= 0 else None
    length = node.cells("data-size")
    if not length:
        return None
    position, offset = node.cells("data-position"), node.cells("data-offset")
    if position:
        return position[0], length[0]
    return ((size + 3) & ~3) + offset[0] if offset else 0, length[0]

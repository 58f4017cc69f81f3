r"""Nokia's FIASCO: the firmware file of the 770, N8x0, N900, N950 and N9.

Layout: ``b4``, length of the header (big-endian, counts what follows it), number of blocks, blocks of type, length, data
(``e8`` name, ``31`` release). Then images: ``54``, number of subsections, subsections of type, length, data, a checksum byte,
the data. Subsection ``2e`` comes first: asic, device and index as one byte each, a hash of 16 bits, a name of 12 bytes, size,
load address. ``31`` version, ``32`` device and its hardware revisions, ``33`` layout, ``34`` a part, ``2f`` partitions
(0xFFFF, ``doc/fiasco``).

Data are filled up with ``ff`` to 128 bytes (mmc: 256); the hash is that of :mod:`pmport.wire.nolo_image`. 0xFFFF writes a subsection ``34`` that it does not count, and so
cannot read its own file; such files are read here.

Example:
    >>> fiasco = Fiasco.build([FiascoImage("kernel", b"zImage!!", device="RX-51", revisions=("2101",), version="2.6")])
    >>> [(image.type, image.version, image.revisions) for image in fiasco.images], bytes(Fiasco.parse(bytes(fiasco))) == bytes(fiasco)
    ([('kernel', '2.6', ('2101',))], True)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.formats.base.given import text
from pmport.node import Container, Format, Part, Role
from pmport.section import Section
from pmport.wire.nolo_image import TYPES, image_hash, padded_size

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["Fiasco", "FiascoImage"]

KIND = "FIASCO"
START, IMAGE, INFO, VERSION, DEVICE, LAYOUT, PART = 0xB4, 0x54, 0x2E, 0x31, 0x32, 0x33, 0x34
NAME, RELEASE = 0xE8, 0x31
TITLE = b"OSSO UART+USB\0"
INFO_SIZE = 25
REVISION_SIZE = 8
DEVICE_SIZE = 16
MOST_REVISIONS = 29
"""A block's length is one byte: sixteen for the device and eight for each revision."""
LAST = 0xFF
"""First byte of the name of what ends the images."""


@dataclass(frozen=True)
class FiascoImage:
    """One image of a FIASCO file.

    Args:
        type: ``kernel``, ``rootfs``, ``xloader``, ``secondary``, ``initfs``, ``cmt-2nd``, ``mmc`` …
        data: Its bytes.
        device: Such as ``RX-51``; "" for all.
        revisions: Hardware revisions that it is for.
        version: Its version.
        layout: Layout text of an mmc image.
        load_address: Load address.
        asic: Number of the ASIC; 1 is the application processor's.
        subsections: All subsections as they stand, ``(type, data)``; made from the rest where a new file is built.
    """

    type: str
    data: Readable
    device: str = ""
    revisions: tuple[str, ...] = ()
    version: str = ""
    layout: str = ""
    load_address: int = 0
    asic: int = 1
    subsections: tuple[tuple[int, bytes], ...] = field(default=(), repr=False)

    @property
    def section(self) -> Section:
        """Its bytes, filled up as the phone wants them."""
        data = Section.of(self.data)
        missing = 0 if self.subsections else padded_size(data.size, self.type) - data.size
        return Section.joined([data, b"\xff" * missing]) if missing else data

    @property
    def hash(self) -> int:
        """The hash of its bytes."""
        return image_hash(self.section, self.type if self.type in TYPES else "kernel")

    def written(self) -> bytes:
        """The subsections that describe it.

        Returns:
            Type, length and data of each, in order.
        """
        pairs = list(self.subsections) or list(self._made())
        return b"".join(bytes([kind, len(data)]) + data for kind, data in pairs)

    def _made(self) -> Iterator[tuple[int, bytes]]:
        section = self.section
        name = self.type.encode()
        if len(name) > 12:
            raise FormatError(f"The type {self.type!r} has more than 12 letters", format="FIASCO", field="type")
        numbers = section.size.to_bytes(4, "big") + self.load_address.to_bytes(4, "big")
        yield INFO, bytes([self.asic, 1, 0]) + self.hash.to_bytes(2, "big") + name.ljust(12, b"\0") + numbers
        if self.version:
            yield VERSION, self.version.encode() + b"\0"
        for at in range(0, max(len(self.revisions), 1 if self.device else 0), MOST_REVISIONS):
            own = self.revisions[at : at + MOST_REVISIONS]
            yield (
                DEVICE,
                self.device.encode().ljust(DEVICE_SIZE, b"\0")
                + b"".join(revision.encode().ljust(REVISION_SIZE, b"\0") for revision in own),
            )
        if self.layout:
            yield LAYOUT, self.layout.encode()


class Fiasco(Container):
    """A FIASCO file; its children are its images, by type; of several with one type, the later ones are numbered.

    Args:
        images: The images.
        parts: Everything it is made of.
        release: The software release.
        findings: What is odd about it.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(magics=((0, b"\xb4\x00"),), certain=False, writes="identical, build", source="0xFFFF doc/fiasco")

    def __init__(
        self, images: tuple[FiascoImage, ...], parts: tuple[Part, ...], release: str, findings: tuple[Finding, ...] = ()
    ) -> None:
        self.images = images
        self.release = release
        self._parts = parts
        self._findings = findings

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The file.

        Raises:
            FormatError: If a block or an image is cut short, or a checksum is wrong.
        """
        reading = _Reading(Section.of(source))
        release = reading.read()
        return cls(tuple(reading.images), tuple(reading.parts), release, tuple(reading.findings))

    @classmethod
    def build(cls, images: Iterable[FiascoImage], release: str = "") -> Self:
        """Make one.

        Args:
            images: The images, in the order in which they are flashed.
            release: The software release; "" for none.

        Returns:
            The file.

        Raises:
            FormatError: If a type or the release is too long.
        """
        blocks = [bytes([NAME, len(TITLE)]) + TITLE]
        if release:
            said = text(release, "release", cls.KIND, most=254) + b"\0"
            blocks.append(bytes([RELEASE, len(said)]) + said)
        body = len(blocks).to_bytes(4, "big") + b"".join(blocks)
        pieces: list[Readable] = [bytes([START]) + len(body).to_bytes(4, "big") + body]
        for image in images:
            described = image.written()
            count = _count(described)
            counted = bytes([count]) + described
            pieces += [bytes([IMAGE]) + counted + bytes([(0xFF - sum(counted)) & 0xFF]), image.section]
        return cls.parse(Section.joined(pieces))

    def parts(self) -> Iterator[Part]:
        """Headers and images."""
        return iter(self._parts)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The release, and a line for each image."""
        yield "release", self.release or "not said"
        for image in self.images:
            words = [image.version, image.device, " ".join(image.revisions), f"{image.section.size} bytes"]
            yield f"image {image.type}", ", ".join(filter(None, words))

    def findings(self) -> tuple[Finding, ...]:
        """What is odd about it: hashes that do not hold, subsections that were not counted.

        Returns:
            The findings.
        """
        return self._findings


def _count(described: bytes) -> int:
    count = at = 0
    while at < len(described):
        at += 2 + described[at + 1]
        count += 1
    return count


class _Reading:
    """One file while it is read."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.parts: list[Part] = []
        self.images: list[FiascoImage] = []
        self.findings: list[Finding] = []
        self.names: dict[str, int] = {}

    def read(self) -> str:
        head = self.section.read(0, 9)
        if len(head) < 9 or head[0] != START:
            raise FormatError("There is no header", format=KIND, field="magic", offset=0)
        at, release = 9, ""
        for _ in range(int.from_bytes(head[5:9], "big")):
            block, data, at = self._block(at)
            if block == RELEASE:
                release = _text(data)
        self.parts.append(Part("header", self.section[:at], Role.HEADER))
        while at < self.section.size and self.section.read(at, 1) == bytes([IMAGE]):
            at = self._image(at)
        if at < self.section.size:
            self.parts.append(Part("tail", self.section[at:], Role.TAIL))
        return release

    def _block(self, at: int) -> tuple[int, bytes, int]:
        head = self.section.read(at, 2)
        data = self.section.read(at + 2, head[1]) if len(head) == 2 else b""
        if len(head) < 2 or len(data) < head[1]:
            raise FormatError("A block is cut short", format=KIND, field="block", offset=at)
        return head[0], data, at + 2 + head[1]

    def _image(self, start: int) -> int:
        count = self.section.read(start + 1, 1)
        at = start + 2
        subsections: list[tuple[int, bytes]] = []
        for _ in range(count[0] if count else 0):
            block, data, at = self._block(at)
            subsections.append((block, data))
        at = self._checked(start, at, subsections)
        if not subsections or subsections[0][0] != INFO or len(subsections[0][1]) < INFO_SIZE:
            raise FormatError("An image does not begin with its description", format=KIND, field="2e", offset=start)
        image = self._described(subsections, at)
        if image.type.encode("utf-8", "surrogateescape")[:1] == bytes([LAST]):
            return start
        name = self._name(image.type)
        self.parts.append(Part(f"{name} header", self.section[start:at], Role.HEADER))
        if image.section.size:
            self.parts.append(Part(name, image.section))
        self.images.append(image)
        return at + image.section.size

    def _checked(self, start: int, at: int, subsections: list[tuple[int, bytes]]) -> int:
        """The place behind the checksum; a part that 0xFFFF forgot to count is taken along."""
        while True:
            checksum = self.section.read(at, 1)
            counted = self.section.read(start + 1, at - start - 1)
            if not checksum:
                raise FormatError("An image's description is cut short", format=KIND, field="checksum", offset=at)
            if checksum[0] in {0, (0xFF - sum(counted)) & 0xFF}:
                return at + 1
            if checksum[0] != PART:
                raise FormatError(
                    f"The checksum of an image's description is {checksum[0]:#04x}, and should be {(0xFF - sum(counted)) & 0xFF:#04x}",
                    format=KIND,
                    field="checksum",
                    offset=at,
                )
            block, data, at = self._block(at)
            subsections.append((block, data))
            message = "a part of the image is not counted, as 0xFFFF writes it; other tools cannot read this"
            self.findings.append(
                Finding(Severity.WARNING, "part-not-counted", message, where=f"{start:#x}", fix="build it anew")
            )

    def _described(self, subsections: list[tuple[int, bytes]], at: int) -> FiascoImage:
        info = subsections[0][1]
        size = int.from_bytes(info[17:21], "big")
        if at + size > self.section.size and info[5] != LAST:
            raise FormatError(
                f"An image ends at {at + size}, and the file at {self.section.size}",
                format=KIND,
                field="size",
                offset=at,
            )
        data = self.section[at : at + size] if info[5] != LAST else self.section[at:at]
        texts = {block: _text(value) for block, value in subsections if block in {VERSION, LAYOUT}}
        devices = [value for block, value in subsections if block == DEVICE]
        revisions = tuple(
            _text(value[place : place + REVISION_SIZE])
            for value in devices
            for place in range(DEVICE_SIZE, len(value), REVISION_SIZE)
        )
        kind = info[5:17].split(b"\0")[0].decode("utf-8", "surrogateescape")
        image = FiascoImage(
            kind,
            data,
            device=_text(devices[0][:DEVICE_SIZE]) if devices else "",
            revisions=revisions,
            version=texts.get(VERSION, ""),
            layout=texts.get(LAYOUT, ""),
            load_address=int.from_bytes(info[21:25], "big"),
            asic=info[0],
            subsections=tuple(subsections),
        )
        stated = int.from_bytes(info[3:5], "big")
        if stated != image.hash and info[5] != LAST:
            message = f"the hash of {kind} is {image.hash:#06x}, and its description says {stated:#06x}"
            self.findings.append(Finding(Severity.ERROR, "hash", message, where=kind, why="the phone refuses it"))
        return image

    def _name(self, kind: str) -> str:
        number = self.names[kind] = self.names.get(kind, 0) + 1
        return kind if number == 1 else f"{kind}.{number}"


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("utf-8", "surrogateescape")

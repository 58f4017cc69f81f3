"""Android's over-the-air ``payload.bin``: partitions as lists of operations; full payloads are read and extracted.

Layout, big-endian: ``CrAU``, version 2 (64 bits), size of the manifest (64 bits), size of its signature (32 bits), the
manifest (a protocol buffer), its signature, the data of the operations (AOSP, ``update_engine/update_metadata.proto``).
Incremental payloads need the old partitions and are told by name, not extracted.

A payload's partitions are inside as any other content: they are made where they are read.
"""

from __future__ import annotations

import bz2
import hashlib
import lzma
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.packages.payload_source import PartitionSource
from pmport.formats.packages.protobuf import last_bytes, last_number, read_fields
from pmport.formats.streams.codecs import decompress
from pmport.node import Container, Format, Node, Part, Role
from pmport.section import Section, sized

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["Operation", "Payload", "PayloadPartition"]

KIND = "OTA payload"
MAGIC = b"CrAU"
HEADER = struct.Struct(">4sQQI")
LARGEST_MANIFEST = 64 << 20
LARGEST_OPERATION = 128 << 20
"""The data of one operation, packed or unpacked; Android's tools cut at 2 MiB."""
REPLACE, REPLACE_BZ, ZERO, DISCARD, REPLACE_XZ, ZSTD = 0, 1, 6, 7, 8, 14
NAMES: Mapping[int, str] = MappingProxyType(
    {
        REPLACE: "replace", REPLACE_BZ: "replace, bzip2", 2: "move", 3: "bsdiff", 4: "source copy", 5: "source bsdiff",
        ZERO: "zero", DISCARD: "discard", REPLACE_XZ: "replace, xz", 9: "puffdiff", 10: "brotli bsdiff", 11: "zucchini",
        12: "lz4 bsdiff", 13: "lz4 puffdiff", ZSTD: "replace, zstd",
    }
)  # fmt: skip
FULL = frozenset({REPLACE, REPLACE_BZ, REPLACE_XZ, ZERO, DISCARD, ZSTD})
"""What needs no old partition."""
EXPANDERS: Mapping[int, Callable[[bytes], bytes]] = MappingProxyType(
    {
        REPLACE: bytes,
        REPLACE_BZ: lambda data: bz2.BZ2Decompressor().decompress(data, LARGEST_OPERATION),
        REPLACE_XZ: lambda data: lzma.LZMADecompressor().decompress(data, LARGEST_OPERATION),
        ZSTD: lambda data: decompress(data, kind="zstd", limit=LARGEST_OPERATION),
    }
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Args:
        type: Its number; :data:`NAMES` has the words.
        offset: Where its data begin, in bytes from the first data; 0 where it has none.
        size: Bytes of its data.
        extents: ``(first block, blocks)`` that it writes.
        sha256: Of its data; empty where it is not said.
    """

    type: int
    offset: int
    size: int
    extents: tuple[tuple[int, int], ...]
    sha256: bytes

    @property
    def name(self) -> str:
        """Its type in words."""
        return NAMES.get(self.type, f"number {self.type}")


@dataclass(frozen=True, slots=True)
class PayloadPartition:
    """One partition.

    Args:
        name: Its name.
        size: Its size after the update, bytes.
        sha256: Of its content after the update; empty where it is not said.
        operations: What makes it.
    """

    name: str
    size: int
    sha256: bytes
    operations: tuple[Operation, ...]

    @property
    def is_full(self) -> bool:
        """Whether it can be made without the old partition."""
        return all(operation.type in FULL for operation in self.operations)

    @property
    def unknown(self) -> tuple[int, ...]:
        """Types of operations whose meaning is not known here."""
        return tuple(sorted({operation.type for operation in self.operations} - NAMES.keys()))

    @property
    def obstacle(self) -> str:
        """Why it cannot be made of the payload alone; empty where it can."""
        if self.unknown:
            return f"has operations of unknown type {', '.join(map(str, self.unknown))}"
        words = sorted({operation.name for operation in self.operations if operation.type not in FULL})
        return f"needs the old partition ({', '.join(words)})" if words else ""


class Payload(Container):
    """A payload.

    Args:
        section: All of it.
        version: Of the format.
        block_size: Bytes.
        minor_version: 0: a full payload.
        partitions: The partitions, in order.
        data_at: Where the operations' data begin.
    """

    KIND: ClassVar[str] = KIND
    FORMAT = Format(
        magics=((0, MAGIC),),
        reads="full payloads; incremental ones are listed",
        source="AOSP update_engine/update_metadata.proto",
        limits="signatures are not checked",
    )

    def __init__(
        self,
        section: Section,
        version: int,
        block_size: int,
        minor_version: int,
        partitions: tuple[PayloadPartition, ...],
        data_at: int,
    ) -> None:
        self._section = section
        self.version = version
        self.block_size = block_size
        self.minor_version = minor_version
        self.partitions = partitions
        self._data_at = data_at

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one; the operations' data are read when a partition is extracted.

        Args:
            source: Where it is.

        Returns:
            The payload.

        Raises:
            FormatError: If the header or the manifest is broken.
        """
        section = Section.of(source)
        head = section.read(0, HEADER.size)
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            raise FormatError("There is no header of 24 bytes", format=KIND, field="magic", offset=0)
        _, version, size, signature = HEADER.unpack(head)
        data_at = HEADER.size + size + signature
        if version != 2:
            raise FormatError(f"Its version is {version}", format=KIND, field="version", offset=4, remedy="2 is read")
        if size > LARGEST_MANIFEST or data_at > section.size:
            raise FormatError(
                f"The manifest takes bytes 24 to {HEADER.size + size}, and the file ends at {section.size}",
                format=KIND,
                field="manifest size",
                offset=12,
            )
        manifest = read_fields(section.read(HEADER.size, size), HEADER.size, KIND)
        block_size = last_number(manifest, 3, 4096)
        if not 512 <= block_size <= 1 << 20:
            raise FormatError(f"Its block size is {block_size}", format=KIND, field="block_size", offset=HEADER.size)
        partitions = tuple(_partition(data) for data in manifest.get(13, ()) if isinstance(data, bytes))
        return cls(section, version, block_size, last_number(manifest, 12, 0), partitions, data_at)

    def parts(self) -> Iterator[Part]:
        """Header, manifest, and the data of each partition's operations where they stand in one run."""
        yield Part("header", self._section[: HEADER.size], Role.HEADER)
        if self._data_at > HEADER.size:
            yield Part("manifest", self._section[HEADER.size : self._data_at], Role.HEADER)
        if self._data_at < self._section.size:
            yield Part("operations", self._section[self._data_at :], Role.TAIL)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The version, and a line for each partition."""
        yield "version", self.version
        yield "kind", "full" if not self.minor_version else f"incremental, minor version {self.minor_version}"
        yield "block size", self.block_size
        for partition in self.partitions:
            how = f", {partition.obstacle}" if partition.obstacle else ""
            yield f"partition {partition.name}", f"{partition.size} bytes, {len(partition.operations)} operations{how}"

    def partition(self, name: str) -> PayloadPartition:
        """A partition.

        Args:
            name: Its name.

        Returns:
            The partition.

        Raises:
            KeyError: If there is none of that name.
        """
        for partition in self.partitions:
            if partition.name == name:
                return partition
        raise KeyError(f"the payload has no {name!r}; it has {', '.join(item.name for item in self.partitions)}")

    def contents(self) -> Mapping[str, Section]:
        """The partitions that can be made of the payload alone.

        Returns:
            Name → the partition; its operations are carried out where it is read.
        """
        return {
            item.name: Section.of(PartitionSource(self, item, EXPANDERS.keys()))
            for item in self.partitions
            if not item.obstacle and item.size
        }

    def facets(self) -> Iterator[tuple[str, Node]]:
        """The partitions, recognised."""
        from pmport.formats.registry import recognise_or_data  # noqa: PLC0415 - the registry names this module

        for name, section in self.contents().items():
            try:
                yield name, recognise_or_data(section)
            except FormatError:
                continue  # a broken operation: extracting it says where

    def written(self, operation: Operation, partition: PayloadPartition) -> bytes:
        """What an operation writes, as many bytes as its extents have.

        Args:
            operation: The operation.
            partition: Its partition.

        Returns:
            The bytes.

        Raises:
            FormatError: If its data are broken, or are not as many.
        """
        room = sum(count for _, count in operation.extents) * self.block_size
        content = self._content(operation, partition.name)
        if len(content) > room:
            raise FormatError("An operation gives more than its blocks hold", format=KIND, field=partition.name)
        return content.ljust(room, b"\0")

    def extract(self, name: str, file: BinaryIO) -> int:
        """Write a partition as it will be.

        Args:
            name: Its name.
            file: Opened for writing and reading, at its beginning; what is not written stays zero.

        Returns:
            Bytes of the partition.

        Raises:
            KeyError: If there is none of that name.
            FormatError: If it needs the old partition, or a hash does not hold.
        """
        partition = self.partition(name)
        if partition.obstacle:
            raise FormatError(
                f"{name} {partition.obstacle}",
                format=KIND,
                field=name,
                remedy="Extract it with a newer program"
                if partition.unknown
                else "Take a full update of the same version",
            )
        sized(file, partition.size)
        for operation in partition.operations:
            self._carry_out(operation, partition, file)
        if partition.sha256 and self._digest(file, partition.size) != partition.sha256:
            raise FormatError(f"The SHA-256 of {name} is another one than the payload says", format=KIND, field=name)
        return partition.size

    def _carry_out(self, operation: Operation, partition: PayloadPartition, file: BinaryIO) -> None:
        end = max((first_block + count for first_block, count in operation.extents), default=0) * self.block_size
        if end > (partition.size + self.block_size - 1) // self.block_size * self.block_size:
            raise FormatError(
                f"An operation writes beyond the end of {partition.name}", format=KIND, field=partition.name
            )
        if operation.type not in EXPANDERS:
            return  # zeros: the file has them already
        content = self._content(operation, partition.name)
        done = 0
        for first_block, count in operation.extents:
            file.seek(first_block * self.block_size)
            file.write(content[done : done + count * self.block_size])
            done += count * self.block_size
        if len(content) > done:
            raise FormatError("An operation gives more than its blocks hold", format=KIND, field=partition.name)

    def _content(self, operation: Operation, name: str) -> bytes:
        """What an operation writes, its data checked."""
        at = self._data_at + operation.offset
        if operation.size > LARGEST_OPERATION or at + operation.size > self._section.size:
            raise FormatError(
                f"The data of an operation take bytes {at} to {at + operation.size}, and the file ends at {self._section.size}",
                format=KIND,
                field=name,
                offset=at,
            )
        data = self._section.read(at, operation.size)
        if operation.sha256 and hashlib.sha256(data).digest() != operation.sha256:
            raise FormatError("The SHA-256 of an operation's data does not hold", format=KIND, field=name, offset=at)
        try:
            return EXPANDERS[operation.type](data)
        except FormatError as error:
            raise FormatError(
                f"An operation's data are broken: {error.what}", format=KIND, field=name, offset=at
            ) from None
        except (OSError, lzma.LZMAError, EOFError) as error:
            raise FormatError(f"An operation's data are broken: {error}", format=KIND, field=name, offset=at) from error

    @staticmethod
    def _digest(file: BinaryIO, size: int) -> bytes:
        file.seek(0)
        digest = hashlib.sha256()
        left = size
        while left:
            piece = file.read(min(left, 1 << 20))
            if not piece:
                break
            digest.update(piece)
            left -= len(piece)
        return digest.digest()


def _partition(data: bytes) -> PayloadPartition:
    fields = read_fields(data, 0, KIND)
    info = read_fields(last_bytes(fields, 7, b""), 0, KIND)
    operations = tuple(_operation(item) for item in fields.get(8, ()) if isinstance(item, bytes))
    name = last_bytes(fields, 1, b"").decode("utf-8", "surrogateescape")
    return PayloadPartition(name, last_number(info, 1, 0), last_bytes(info, 2, b""), operations)


def _operation(data: bytes) -> Operation:
    fields = read_fields(data, 0, KIND)
    extents = []
    for item in fields.get(6, ()):
        if isinstance(item, bytes):
            extent = read_fields(item, 0, KIND)
            extents.append((last_number(extent, 1, 0), last_number(extent, 2, 0)))
    return Operation(
        last_number(fields, 1, 0),
        last_number(fields, 2, 0),
        last_number(fields, 3, 0),
        tuple(extents),
        last_bytes(fields, 8, b""),
    )

"""The descriptors of a vbmeta blob: properties, hashes, hash trees, kernel command lines, chained partitions.

All numbers are big-endian. Each descriptor is a tag, the number of bytes that follow (a multiple of 8), fixed fields and
variable ones (AOSP libavb, ``avb_*_descriptor.h``). Reserved bytes and fill are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Self, TypeAlias

from pmport.errors import FormatError

__all__ = [
    "FORMAT",
    "ChainDescriptor",
    "CmdlineDescriptor",
    "Descriptor",
    "HashDescriptor",
    "HashtreeDescriptor",
    "PropertyDescriptor",
    "UnknownDescriptor",
    "parse_descriptors",
]

FORMAT = "vbmeta"
HEAD = 16
"""Tag and count of bytes that follow."""


@cache
def declaration(tag: int) -> Any:
    """The fixed part of a descriptor behind tag and count, compiled.

    Args:
        tag: The descriptor's tag, 0 to 4.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Int32ub, Int64ub, Struct  # noqa: PLC0415 - construct costs 40 ms

    members = {
        0: ("key_len" / Int64ub, "value_len" / Int64ub),
        1: (
            "dm_verity_version" / Int32ub,
            "image_size" / Int64ub,
            "tree_offset" / Int64ub,
            "tree_size" / Int64ub,
            "data_block_size" / Int32ub,
            "hash_block_size" / Int32ub,
            "fec_num_roots" / Int32ub,
            "fec_offset" / Int64ub,
            "fec_size" / Int64ub,
            "algorithm" / Bytes(32),
            "name_len" / Int32ub,
            "salt_len" / Int32ub,
            "digest_len" / Int32ub,
            "flags" / Int32ub,
            "reserved" / Bytes(60),
        ),
        2: (
            "image_size" / Int64ub,
            "algorithm" / Bytes(32),
            "name_len" / Int32ub,
            "salt_len" / Int32ub,
            "digest_len" / Int32ub,
            "flags" / Int32ub,
            "reserved" / Bytes(60),
        ),
        3: ("flags" / Int32ub, "text_len" / Int32ub),
        4: (
            "rollback_index_location" / Int32ub,
            "name_len" / Int32ub,
            "key_len" / Int32ub,
            "flags" / Int32ub,
            "reserved" / Bytes(60),
        ),
    }
    return Struct(*members[tag]).compile()


def _framed(tag: int, body: bytes, fill: bytes) -> bytes:
    body += fill or bytes(-len(body) % 8)
    return tag.to_bytes(8, "big") + len(body).to_bytes(8, "big") + body


def _encoded(tag: int, values: dict[str, object], tail: bytes, fill: bytes) -> bytes:
    body: bytes = declaration(tag).build(values)
    return _framed(tag, body + tail, fill)


def _cut(data: bytes, at: int, *sizes: int) -> list[bytes]:
    pieces = []
    for size in sizes:
        if at + size > len(data):
            raise FormatError(
                f"A descriptor counts {size} bytes, and {max(len(data) - at, 0)} are there",
                format=FORMAT,
                field="descriptor",
            )
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


def _name(raw: bytes) -> str:
    return raw.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _raw(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class PropertyDescriptor:
    """A key and a value, such as ``com.android.build.boot.os_version``.

    Args:
        key: The key.
        value: The value.
        fill: Bytes that align it to 8; empty: zeros.
    """

    TAG: ClassVar[int] = 0
    key: str
    value: bytes
    fill: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, fixed: Any, data: bytes) -> Self:
        """Read the variable part.

        Args:
            fixed: The fixed fields.
            data: What follows them.

        Returns:
            The descriptor.
        """
        key, _, value, _, fill = _cut(data, 0, fixed.key_len, 1, fixed.value_len, 1)
        return cls(key.decode("utf-8", "surrogateescape"), value, fill)

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        key = _raw(self.key)
        tail = key + b"\0" + self.value + b"\0"
        return _encoded(0, {"key_len": len(key), "value_len": len(self.value)}, tail, self.fill)


@dataclass(frozen=True)
class HashtreeDescriptor:
    """A dm-verity hash tree over a partition.

    Args:
        partition: The partition's name, without slot suffix.
        image_size: Bytes that the tree covers.
        tree_offset: Where the tree stands, bytes.
        tree_size: Its size, bytes.
        data_block_size: Bytes per data block.
        hash_block_size: Bytes per hash block.
        fec_num_roots: Roots of the error correction; 0: none.
        fec_offset: Where it stands, bytes.
        fec_size: Its size, bytes.
        algorithm: ``sha1`` or ``sha256``.
        salt: The salt.
        digest: The root's digest.
        flags: Bit 0: the partition has no slots.
        dm_verity_version: 1.
        reserved: Bytes that are to be zero.
        fill: Bytes that align it to 8; empty: zeros.
    """

    TAG: ClassVar[int] = 1
    partition: str
    image_size: int
    tree_offset: int
    tree_size: int
    data_block_size: int
    hash_block_size: int
    fec_num_roots: int
    fec_offset: int
    fec_size: int
    algorithm: str
    salt: bytes
    digest: bytes
    flags: int = 0
    dm_verity_version: int = 1
    reserved: bytes = field(default=bytes(60), repr=False)
    fill: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, fixed: Any, data: bytes) -> Self:
        """Read the variable part; see :meth:`PropertyDescriptor.parse`."""
        name, salt, digest, fill = _cut(data, 0, fixed.name_len, fixed.salt_len, fixed.digest_len)
        return cls(
            partition=name.decode("utf-8", "surrogateescape"),
            image_size=fixed.image_size,
            tree_offset=fixed.tree_offset,
            tree_size=fixed.tree_size,
            data_block_size=fixed.data_block_size,
            hash_block_size=fixed.hash_block_size,
            fec_num_roots=fixed.fec_num_roots,
            fec_offset=fixed.fec_offset,
            fec_size=fixed.fec_size,
            algorithm=_name(fixed.algorithm),
            salt=salt,
            digest=digest,
            flags=fixed.flags,
            dm_verity_version=fixed.dm_verity_version,
            reserved=fixed.reserved,
            fill=fill,
        )

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        name = _raw(self.partition)
        values = {
            **vars(self),
            "algorithm": _raw(self.algorithm).ljust(32, b"\0"),
            "name_len": len(name),
            "salt_len": len(self.salt),
            "digest_len": len(self.digest),
        }
        return _encoded(1, values, name + self.salt + self.digest, self.fill)


@dataclass(frozen=True)
class HashDescriptor:
    """A hash over a whole partition image: the digest is of the salt and then the image.

    Args:
        partition: The partition's name, without slot suffix.
        image_size: Bytes that are hashed.
        algorithm: ``sha256`` or ``sha512``.
        salt: The salt.
        digest: The digest.
        flags: Bit 0: the partition has no slots.
        reserved: Bytes that are to be zero.
        fill: Bytes that align it to 8; empty: zeros.
    """

    TAG: ClassVar[int] = 2
    partition: str
    image_size: int
    algorithm: str
    salt: bytes
    digest: bytes
    flags: int = 0
    reserved: bytes = field(default=bytes(60), repr=False)
    fill: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, fixed: Any, data: bytes) -> Self:
        """Read the variable part; see :meth:`PropertyDescriptor.parse`."""
        name, salt, digest, fill = _cut(data, 0, fixed.name_len, fixed.salt_len, fixed.digest_len)
        return cls(
            name.decode("utf-8", "surrogateescape"),
            fixed.image_size,
            _name(fixed.algorithm),
            salt,
            digest,
            fixed.flags,
            fixed.reserved,
            fill,
        )

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        name = _raw(self.partition)
        values = {
            **vars(self),
            "algorithm": _raw(self.algorithm).ljust(32, b"\0"),
            "name_len": len(name),
            "salt_len": len(self.salt),
            "digest_len": len(self.digest),
        }
        return _encoded(2, values, name + self.salt + self.digest, self.fill)


@dataclass(frozen=True)
class CmdlineDescriptor:
    """A piece of kernel command line.

    Args:
        text: The piece.
        flags: Bit 0: only if hash trees are used; bit 1: only if they are not.
        fill: Bytes that align it to 8; empty: zeros.
    """

    TAG: ClassVar[int] = 3
    text: str
    flags: int = 0
    fill: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, fixed: Any, data: bytes) -> Self:
        """Read the variable part; see :meth:`PropertyDescriptor.parse`."""
        text, fill = _cut(data, 0, fixed.text_len)
        return cls(text.decode("utf-8", "surrogateescape"), fixed.flags, fill)

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        text = _raw(self.text)
        return _encoded(3, {"flags": self.flags, "text_len": len(text)}, text, self.fill)


@dataclass(frozen=True)
class ChainDescriptor:
    """Another partition with a vbmeta of its own.

    Args:
        partition: The partition's name.
        rollback_index_location: Where its rollback index is kept.
        public_key: The key blob that must have signed it.
        flags: Bit 0: the partition has no slots.
        reserved: Bytes that are to be zero.
        fill: Bytes that align it to 8; empty: zeros.
    """

    TAG: ClassVar[int] = 4
    partition: str
    rollback_index_location: int
    public_key: bytes
    flags: int = 0
    reserved: bytes = field(default=bytes(60), repr=False)
    fill: bytes = field(default=b"", repr=False)

    @classmethod
    def parse(cls, fixed: Any, data: bytes) -> Self:
        """Read the variable part; see :meth:`PropertyDescriptor.parse`."""
        name, key, fill = _cut(data, 0, fixed.name_len, fixed.key_len)
        return cls(
            name.decode("utf-8", "surrogateescape"),
            fixed.rollback_index_location,
            key,
            fixed.flags,
            fixed.reserved,
            fill,
        )

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        name = _raw(self.partition)
        values = {**vars(self), "name_len": len(name), "key_len": len(self.public_key)}
        return _encoded(4, values, name + self.public_key, self.fill)


@dataclass(frozen=True)
class UnknownDescriptor:
    """A descriptor of a tag that is not known.

    Args:
        tag: The tag.
        body: Everything behind tag and count.
    """

    tag: int
    body: bytes

    def encode(self) -> bytes:
        """The descriptor's bytes."""
        return self.tag.to_bytes(8, "big") + len(self.body).to_bytes(8, "big") + self.body


Descriptor: TypeAlias = (
    PropertyDescriptor | HashtreeDescriptor | HashDescriptor | CmdlineDescriptor | ChainDescriptor | UnknownDescriptor
)

_KINDS: dict[int, Any] = {
    kind.TAG: kind
    for kind in (PropertyDescriptor, HashtreeDescriptor, HashDescriptor, CmdlineDescriptor, ChainDescriptor)
}


def parse_descriptors(data: bytes, offset: int = 0) -> Iterator[Descriptor]:
    """Read descriptors one behind the other.

    Args:
        data: Their bytes.
        offset: Where these stand in the blob, for errors.

    Yields:
        The descriptors; encoded and joined they are the bytes.

    Raises:
        FormatError: If one counts more bytes than there are.
    """
    at = 0
    while at < len(data):
        if at + HEAD > len(data):
            raise _bad(f"a descriptor's head takes 16 bytes, and {len(data) - at} are there", offset + at)
        tag, count = int.from_bytes(data[at : at + 8], "big"), int.from_bytes(data[at + 8 : at + HEAD], "big")
        body = data[at + HEAD : at + HEAD + count]
        if len(body) < count or count % 8:
            raise _bad(f"descriptor {tag} counts {count} bytes, and {len(data) - at - HEAD} are there", offset + at + 8)
        yield _parse_one(tag, body, offset + at)
        at += HEAD + count


def _parse_one(tag: int, body: bytes, offset: int) -> Descriptor:
    if tag not in _KINDS:
        return UnknownDescriptor(tag, body)
    fixed = declaration(tag)
    size = fixed.sizeof()
    if len(body) < size:
        raise _bad(f"descriptor {tag} has {size} bytes of fixed fields, and {len(body)} are there", offset)
    try:
        descriptor: Descriptor = _KINDS[tag].parse(fixed.parse(body), body[size:])
    except FormatError as error:
        raise _bad(error.what, offset) from None
    return descriptor if descriptor.encode()[HEAD:] == body else UnknownDescriptor(tag, body)


def _bad(what: str, offset: int) -> FormatError:
    return FormatError(what, format=FORMAT, field="descriptor", offset=offset)

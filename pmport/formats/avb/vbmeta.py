"""vbmeta: the signed list of hashes, properties and keys of Android verified boot 2.0.

Layout, all numbers big-endian (AOSP libavb, ``avb_vbmeta_image.h``): a header of 256 bytes, the authentication block
(hash and signature), the auxiliary block (descriptors, public key, key metadata); both blocks are multiples of 64 bytes.
The signature is over header and auxiliary block.

Example:
    >>> blob = VbMeta.build(flags=2, padding_size=4096)
    >>> blob.size, blob.flags, blob.signature
    (4096, 2, 'none')
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.avb.descriptors import (
    FORMAT,
    ChainDescriptor,
    CmdlineDescriptor,
    Descriptor,
    HashDescriptor,
    HashtreeDescriptor,
    PropertyDescriptor,
    parse_descriptors,
)
from pmport.formats.avb.header import BLOCK, HEADER_SIZE, VbMetaHeader
from pmport.formats.avb.keys import ALGORITHMS, PublicKey, sign
from pmport.formats.base.given import number, text
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["VbMeta", "salted"]

HASHTREE_DISABLED = 1
VERIFICATION_DISABLED = 2

LARGEST_PADDING = 1 << 30


class VbMeta(Node):
    """A vbmeta blob.

    Args:
        header: The header's fields.
        head: The header's bytes.
        auth: The authentication block.
        aux: The auxiliary block.
        tail: What is behind it: padding, or an AFTL trailer.
    """

    KIND: ClassVar[str] = FORMAT
    FORMAT = Format(magics=((0, b"AVB0"),), writes="identical, build", source="AOSP external/avb, libavb")

    def __init__(self, header: VbMetaHeader, head: Section, auth: Section, aux: Section, tail: Section) -> None:
        self.header = header
        self._head, self._auth, self._aux, self._tail = head, auth, aux, tail
        self.descriptors: tuple[Descriptor, ...] = tuple(
            parse_descriptors(self._aux_bytes("descriptors"), HEADER_SIZE + auth.size + header.descriptors_offset)
        )

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a blob.

        Args:
            source: Where it is.

        Returns:
            The blob.

        Raises:
            FormatError: If it is cut short, or a range in it lies outside its block.
        """
        section = Section.of(source)
        header = VbMetaHeader.parse(section)
        aux = HEADER_SIZE + header.auth_size
        end = aux + header.aux_size
        return cls(header, section[:HEADER_SIZE], section[HEADER_SIZE:aux], section[aux:end], section[end:])

    @classmethod
    def build(
        cls,
        descriptors: Iterable[Descriptor] = (),
        *,
        flags: int = 0,
        padding_size: int = 0,
        algorithm: str = "NONE",
        private_key: bytes | None = None,
        rollback_index: int = 0,
        rollback_index_location: int = 0,
        release: str = "avbtool 1.3.0",
        required_minor: int = 0,
        metadata: bytes = b"",
    ) -> Self:
        """Make a blob.

        Args:
            descriptors: What it holds.
            flags: 0 to 3: bit 0 disables hash trees, bit 1 disables verification.
            padding_size: Zero-pad to a multiple of this many bytes; 0: no padding.
            algorithm: A name of :data:`~pmport.formats.avb.keys.ALGORITHMS`.
            private_key: RSA key as PEM; needed unless the algorithm is NONE.
            rollback_index: Against downgrades.
            rollback_index_location: Where the index is kept.
            release: Who made it; bootloaders print it.
            required_minor: Minor version of libavb that is needed.
            metadata: The public key's metadata.

        Returns:
            The blob.

        Raises:
            FormatError: If a value does not fit, or algorithm and key do not belong together.
            MissingDependencyError: If it is to be signed and the ``sign`` extra is not installed.
        """
        chosen = next((row for row in ALGORITHMS if row.name == algorithm), None)
        if chosen is None or bool(chosen.hash) != (private_key is not None):
            raise FormatError(
                f"Algorithm {algorithm} {'with' if private_key else 'without'} a private key",
                format=FORMAT,
                field="algorithm",
                remedy=f"Give a key with one of {', '.join(row.name for row in ALGORITHMS[1:])}, or none with NONE",
            )
        number(flags, "flags", FORMAT, high=HASHTREE_DISABLED | VERIFICATION_DISABLED)
        number(padding_size, "padding_size", FORMAT, high=LARGEST_PADDING)
        number(rollback_index, "rollback_index", FORMAT, high=(1 << 64) - 1)
        number(rollback_index_location, "rollback_index_location", FORMAT)
        number(required_minor, "required_minor", FORMAT)
        listed = b"".join(descriptor.encode() for descriptor in descriptors)
        key = _public_blob(private_key, chosen.bits) if private_key else b""
        aux = _blocked(listed + key + metadata)
        digest_size = hashlib.new(chosen.hash).digest_size if chosen.hash else 0
        header = VbMetaHeader(
            required_minor=required_minor,
            auth_size=-(-(digest_size + chosen.bits // 8) // BLOCK) * BLOCK,
            aux_size=len(aux),
            algorithm=chosen.number,
            hash_size=digest_size,
            signature_offset=digest_size,
            signature_size=chosen.bits // 8,
            public_key_offset=len(listed),
            public_key_size=len(key),
            metadata_offset=len(listed) + len(key),
            metadata_size=len(metadata),
            descriptors_size=len(listed),
            rollback_index=rollback_index,
            flags=flags,
            rollback_index_location=rollback_index_location,
            release_field=text(release, "release", FORMAT, most=48).ljust(48, b"\0"),
        )
        head = header.encode()
        auth = b""
        if private_key:
            digest = hashlib.new(chosen.hash, head + aux).digest()
            auth = _blocked(digest + sign(private_key, head + aux, chosen.hash)[1])
        whole = head + auth + aux
        return cls.parse(whole + bytes(-len(whole) % padding_size if padding_size else 0))

    @property
    def flags(self) -> int:
        """Bit 0: hash trees disabled; bit 1: verification disabled."""
        return self.header.flags

    @property
    def algorithm(self) -> str:
        """How it is signed, such as ``SHA256_RSA4096``, or ``NONE``."""
        number = self.header.algorithm
        return ALGORITHMS[number].name if number < len(ALGORITHMS) else f"unknown ({number})"

    @property
    def release(self) -> str:
        """Who made it."""
        return self.header.release_field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")

    @property
    def public_key(self) -> bytes:
        """The key blob that belongs to the signature; empty where it is not signed."""
        return self._aux_bytes("public_key")

    @cached_property
    def signature(self) -> str:
        """``none``, ``valid`` (by the key inside), or ``invalid``."""
        if not self.header.algorithm:
            return "none"
        if self.header.algorithm >= len(ALGORITHMS):
            return "invalid"
        chosen = ALGORITHMS[self.header.algorithm]
        auth = self._auth.read()
        digest = hashlib.new(chosen.hash, self._head.read() + self._aux.read()).digest()
        stored = _slice(auth, self.header.hash_offset, self.header.hash_size)
        signed = _slice(auth, self.header.signature_offset, self.header.signature_size)
        try:
            key = PublicKey.parse(self.public_key)
        except FormatError:
            return "invalid"
        good = stored == digest and key.bits == chosen.bits and key.verifies(signed, digest, chosen.hash)
        return "valid" if good else "invalid"

    def hash_of(self, partition: str) -> HashDescriptor | None:
        """The hash descriptor of a partition.

        Args:
            partition: Its name, without slot suffix.

        Returns:
            The descriptor, or None.
        """
        hashes = (item for item in self.descriptors if isinstance(item, HashDescriptor))
        return next((item for item in hashes if item.partition == partition), None)

    def matches(self, partition: str, image: Section) -> bool | None:
        """Whether the hash of a partition is that of an image.

        Args:
            partition: Its name, without slot suffix.
            image: The partition's bytes, at least as many as are hashed.

        Returns:
            Whether they match; None where there is no hash of that partition.

        Example:
            >>> blob = VbMeta.build([HashDescriptor("boot", 1, "sha256", b"", hashlib.sha256(b"k").digest())])
            >>> blob.matches("boot", Section.of(b"kernel")), blob.matches("dtbo", Section.of(b"k"))
            (True, None)
        """
        descriptor = self.hash_of(partition)
        if descriptor is None:
            return None
        hashed = image[: descriptor.image_size]
        return hashed.size == descriptor.image_size and salted(descriptor, hashed) == descriptor.digest

    def own_hash(self, image: Section) -> HashDescriptor | None:
        """The hash of the image behind which this blob stands.

        A blob may hold the hashes of other partitions besides (``--include_descriptors_from_image``); AOSP's tool puts
        the image's own first.

        Args:
            image: The image as it is, up to the end that the footer gives.

        Returns:
            The only hash; of several the one of the image's size and digest; None where there is none.
        """
        hashes = [item for item in self.descriptors if isinstance(item, HashDescriptor)]
        sized = [item for item in hashes if item.image_size == image.size]
        if len(sized) > 1 and image.size:
            matching = [item for item in sized if item.digest and _digest_fits(item, image)]
            sized = matching or sized
        return next(iter(sized or hashes), None)

    def rehashed(self, image: Section, *, old: Section, private_key: bytes | None = None) -> Self:
        """The same blob with the image's own hash brought up to date for its changed bytes.

        Hashes of other partitions, hash trees and chains stay. A hash whose digest the phone keeps (it is empty here)
        stays without one.

        Args:
            image: The bytes that are hashed: all up to the end of the image proper.
            old: These bytes before the change, by which its own hash is found.
            private_key: Sign with this RSA key (PEM); None: without a signature, algorithm NONE.

        Returns:
            A new blob; rollback index, flags and the other descriptors stay.
        """
        own = self.own_hash(old)
        descriptors = [
            replace(item, image_size=image.size, digest=salted(item, image) if item.digest else b"")
            if isinstance(item, HashDescriptor) and item is own
            else item
            for item in self.descriptors
        ]
        header = self.header
        return type(self).build(
            descriptors,
            flags=header.flags,
            algorithm=_algorithm_for(private_key, header.algorithm) if private_key else "NONE",
            private_key=private_key,
            rollback_index=header.rollback_index,
            rollback_index_location=header.rollback_index_location,
            release=self.release,
            required_minor=header.required_minor,
            metadata=self._aux_bytes("metadata") if private_key else b"",
        )

    def parts(self) -> Iterator[Part]:
        """Header, blocks, and what is behind."""
        yield Part("header", self._head, Role.HEADER)
        yield Part("authentication", self._auth, Role.HEADER)
        yield Part("auxiliary", self._aux, Role.HEADER)
        if self._tail:
            yield Part("tail", self._tail, Role.TAIL)

    def describe(self) -> Iterator[tuple[str, object]]:
        """The header's fields and every descriptor."""
        yield "made by", self.release
        yield "algorithm", self.algorithm
        yield "signature", self.signature
        if self.public_key:
            yield "public key (sha1)", hashlib.sha1(self.public_key, usedforsecurity=False).hexdigest()
        yield "flags", f"{self.flags} ({_flag_text(self.flags)})"
        yield "rollback index", self.header.rollback_index
        for descriptor in self.descriptors:
            yield _described(descriptor)

    def _aux_bytes(self, piece: str) -> bytes:
        offset, size = getattr(self.header, f"{piece}_offset"), getattr(self.header, f"{piece}_size")
        return self._aux.read(offset, size)


def salted(descriptor: HashDescriptor, image: Section) -> bytes:
    """The digest that a hash descriptor would have for an image.

    Args:
        descriptor: The descriptor, for salt and algorithm.
        image: The bytes.

    Returns:
        The digest.

    Raises:
        FormatError: If the algorithm is not known.
    """
    try:
        state = hashlib.new(descriptor.algorithm, descriptor.salt, usedforsecurity=False)
    except ValueError:
        raise FormatError(
            f"hash algorithm {descriptor.algorithm!r} is not known", format=FORMAT, field="hash_algorithm"
        ) from None
    for piece in image.chunks():
        state.update(piece)
    return state.digest()


def _digest_fits(descriptor: HashDescriptor, image: Section) -> bool:
    try:
        return salted(descriptor, image) == descriptor.digest
    except FormatError:
        return False


def _slice(data: bytes, offset: int, size: int) -> bytes:
    return data[offset : offset + size]


def _blocked(data: bytes) -> bytes:
    return data + bytes(-len(data) % BLOCK)


def _public_blob(private_key: bytes, bits: int) -> bytes:
    public, _ = sign(private_key, b"", "sha256")
    if public.bits != bits:
        raise FormatError(
            f"The key has {public.bits} bits, and the algorithm takes {bits}", format=FORMAT, field="algorithm"
        )
    return public.encode()


def _algorithm_for(private_key: bytes, number: int) -> str:
    """The algorithm with the old hash and the new key's size."""
    bits = sign(private_key, b"", "sha256")[0].bits
    hash_name = (ALGORITHMS[number].hash if number < len(ALGORITHMS) else "") or "sha256"
    fitting = (row.name for row in ALGORITHMS if (row.hash, row.bits) == (hash_name, bits))
    return next(fitting, f"{hash_name}_RSA{bits}")


def _flag_text(flags: int) -> str:
    words = [
        text
        for bit, text in ((HASHTREE_DISABLED, "hash trees disabled"), (VERIFICATION_DISABLED, "verification disabled"))
        if flags & bit
    ]
    return ", ".join(words) or "nothing disabled"


def _described(descriptor: Descriptor) -> tuple[str, object]:
    if isinstance(descriptor, PropertyDescriptor):
        return f"property {descriptor.key}", descriptor.value.decode("utf-8", "backslashreplace")
    if isinstance(descriptor, HashDescriptor):
        return f"hash of {descriptor.partition}", f"{descriptor.algorithm} over {descriptor.image_size} bytes"
    if isinstance(descriptor, HashtreeDescriptor):
        return f"hash tree of {descriptor.partition}", f"{descriptor.algorithm} over {descriptor.image_size} bytes"
    if isinstance(descriptor, CmdlineDescriptor):
        return "kernel command line", descriptor.text
    if isinstance(descriptor, ChainDescriptor):
        return f"chain to {descriptor.partition}", f"rollback index location {descriptor.rollback_index_location}"
    return f"descriptor {descriptor.tag}", f"{len(descriptor.body)} bytes"

"""The header of a vbmeta blob."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from pmport.errors import FormatError
from pmport.formats.avb.descriptors import FORMAT
from pmport.formats.base.struct_layout import encode_over

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["BLOCK", "HEADER_SIZE", "VbMetaHeader"]

MAGIC = b"AVB0"
HEADER_SIZE = 256
BLOCK = 64
LARGEST = 1 << 20
"""Bytes that the blocks of a blob may have here; libavb takes 64 KiB at most."""


@cache
def declaration() -> Any:
    """The header, compiled.

    Returns:
        A ``construct`` struct.
    """
    from construct import Bytes, Const, Int32ub, Int64ub, Struct  # noqa: PLC0415 - construct costs 40 ms

    return Struct(
        "magic" / Const(MAGIC),
        "required_major" / Int32ub,
        "required_minor" / Int32ub,
        "auth_size" / Int64ub,
        "aux_size" / Int64ub,
        "algorithm" / Int32ub,
        "hash_offset" / Int64ub,
        "hash_size" / Int64ub,
        "signature_offset" / Int64ub,
        "signature_size" / Int64ub,
        "public_key_offset" / Int64ub,
        "public_key_size" / Int64ub,
        "metadata_offset" / Int64ub,
        "metadata_size" / Int64ub,
        "descriptors_offset" / Int64ub,
        "descriptors_size" / Int64ub,
        "rollback_index" / Int64ub,
        "flags" / Int32ub,
        "rollback_index_location" / Int32ub,
        "release_field" / Bytes(48),
        "reserved" / Bytes(80),
    ).compile()


@dataclass(frozen=True, slots=True, kw_only=True)
class VbMetaHeader:
    """The header's fields; offsets are within the block that holds the piece, all sizes in bytes.

    Args:
        required_major: Version of libavb that is needed: 1.
        required_minor: Idem.
        auth_size: Size of the authentication block.
        aux_size: Size of the auxiliary block.
        algorithm: Number of the algorithm, see :data:`~pmport.formats.avb.keys.ALGORITHMS`.
        hash_offset: In the authentication block.
        hash_size: Idem.
        signature_offset: In the authentication block.
        signature_size: Idem.
        public_key_offset: In the auxiliary block, as all that follow.
        public_key_size: Idem.
        metadata_offset: Of the public key's metadata.
        metadata_size: Idem.
        descriptors_offset: Idem.
        descriptors_size: Idem.
        rollback_index: Against downgrades.
        flags: Bit 0: hash trees disabled; bit 1: verification disabled.
        rollback_index_location: Where the index is kept.
        release_field: Who made it, with its fill.
        reserved: Bytes that are to be zero.
    """

    required_major: int = 1
    required_minor: int = 0
    auth_size: int = 0
    aux_size: int = 0
    algorithm: int = 0
    hash_offset: int = 0
    hash_size: int = 0
    signature_offset: int = 0
    signature_size: int = 0
    public_key_offset: int = 0
    public_key_size: int = 0
    metadata_offset: int = 0
    metadata_size: int = 0
    descriptors_offset: int = 0
    descriptors_size: int = 0
    rollback_index: int = 0
    flags: int = 0
    rollback_index_location: int = 0
    release_field: bytes = bytes(48)
    reserved: bytes = bytes(80)

    @classmethod
    def parse(cls, section: Section) -> Self:
        """Read a header.

        Args:
            section: The blob.

        Returns:
            The header.

        Raises:
            FormatError: If the blob is cut short, or a range in it lies outside its block.
        """
        head = section.read(0, HEADER_SIZE)
        if not head.startswith(MAGIC) or len(head) < HEADER_SIZE:
            raise FormatError(
                f"A header of 256 bytes is wanted, and {len(head)} bytes are there",
                format=FORMAT,
                field="magic",
                offset=0,
            )
        parsed = declaration().parse(head)
        header = cls(**{name: parsed[name] for name in cls.__slots__})
        _check(header, section.size)
        return header

    def encode(self) -> bytes:
        """The header's 256 bytes.

        Raises:
            FormatError: If a value does not fit its field.
        """
        return encode_over(declaration(), {name: getattr(self, name) for name in self.__slots__}, b"", FORMAT)


def _check(header: VbMetaHeader, size: int) -> None:
    if header.required_major != 1:
        raise FormatError(
            f"libavb {header.required_major}.{header.required_minor} is required, and 1 is known",
            format=FORMAT,
            field="required_libavb_version_major",
            offset=4,
        )
    if header.auth_size % BLOCK or header.aux_size % BLOCK or header.auth_size + header.aux_size > LARGEST:
        raise FormatError("The blocks are no small multiples of 64 bytes", format=FORMAT, field="block_size", offset=12)
    end = HEADER_SIZE + header.auth_size + header.aux_size
    if end > size:
        raise FormatError(
            f"The blob takes {end} bytes, and {size} are there: {end - size} bytes are missing",
            format=FORMAT,
            field="auxiliary_data_block_size",
            offset=20,
        )
    ranges = (
        ("hash", header.auth_size, 32),
        ("signature", header.auth_size, 48),
        ("public_key", header.aux_size, 64),
        ("metadata", header.aux_size, 80),
        ("descriptors", header.aux_size, 96),
    )
    for name, room, offset in ranges:
        if getattr(header, f"{name}_offset") + getattr(header, f"{name}_size") > room:
            raise FormatError(
                f"The {name} lies outside its block", format=FORMAT, field=f"{name}_offset", offset=offset
            )

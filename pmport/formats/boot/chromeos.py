"""ChromeOS kernel partitions: a vboot keyblock, a signed preamble, and the body that they sign.

Layout, little-endian (vboot_reference, ``vb2_struct.h``): keyblock ``CHROMEOS`` with its size at 16; behind it the
preamble, its own size at 0, the body's load address at 48, the bootloader stub's address and size at 56, and the body's
signature at 72 with the body's size at 88. The command line stands two pages before the stub.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.wrapper import Range, Wrapper, cut
from pmport.node import Format, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["ChromeosKernel"]

MAGIC = b"CHROMEOS"
CMDLINE_BEFORE = 0x2000
CMDLINE_SIZE = 4096


@cache
def declarations() -> tuple[Any, Any]:
    """Keyblock and preamble headers, compiled.

    Returns:
        Two ``construct`` structs.
    """
    from construct import Const, Int32ul, Int64ul, Struct  # noqa: PLC0415 - construct costs 40 ms

    def signature(name: str) -> tuple[Any, ...]:
        return tuple(f"{name}_{part}" / Int64ul for part in ("offset", "size", "data_size"))

    keyblock = Struct(
        "magic" / Const(MAGIC),
        "major" / Int32ul,
        "minor" / Int32ul,
        "keyblock_size" / Int64ul,
        *signature("signature"),
        *signature("checksum"),
        "flags" / Int64ul,
    )
    preamble = Struct(
        "preamble_size" / Int64ul,
        *signature("signature"),
        "major" / Int32ul,
        "minor" / Int32ul,
        "kernel_version" / Int64ul,
        "body_load_address" / Int64ul,
        "bootloader_address" / Int64ul,
        "bootloader_size" / Int64ul,
        *signature("body"),
    )
    return keyblock.compile(), preamble.compile()


class ChromeosKernel(Wrapper):
    """A signed kernel partition; read-only, since a change needs signing with ChromeOS' own tool."""

    KIND: ClassVar[str] = "ChromeOS kernel partition"
    FORMAT = Format(
        magics=((0, MAGIC),), source="vboot_reference, vb2_struct.h; a real sample", limits="signatures are not checked"
    )
    WRAPPER: ClassVar[str] = "chromeos"

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: Where it is.

        Returns:
            The wrapper; its child is ``body``: a FIT, a zImage or whatever the loader takes.

        Raises:
            FormatError: If it is cut short.
        """
        section = Section.of(source)
        keyblock_type, preamble_type = declarations()
        head = section.read(0, keyblock_type.sizeof())
        if not head.startswith(MAGIC) or len(head) < keyblock_type.sizeof():
            raise FormatError("The keyblock is cut short", format=cls.KIND, field="magic", offset=0)
        keyblock = keyblock_type.parse(head)
        raw = section.read(min(keyblock.keyblock_size, section.size), preamble_type.sizeof())
        if len(raw) < preamble_type.sizeof():
            raise FormatError("There is no preamble", format=cls.KIND, field="keyblock_size", offset=16)
        preamble = preamble_type.parse(raw)
        start = keyblock.keyblock_size + preamble.preamble_size
        ranges = [
            Range("keyblock", 0, keyblock.keyblock_size, Role.HEADER),
            Range("preamble", keyblock.keyblock_size, preamble.preamble_size, Role.HEADER),
            Range("body", start, preamble.body_data_size),
        ]
        stub = preamble.bootloader_address - preamble.body_load_address - CMDLINE_BEFORE
        cmdline = b""
        if 0 <= stub <= preamble.body_data_size:
            cmdline = section.read(start + stub, CMDLINE_SIZE).split(b"\0", 1)[0].strip()
        rows = (
            ("keyblock version", f"{keyblock.major}.{keyblock.minor}"),
            ("preamble version", f"{preamble.major}.{preamble.minor}"),
            ("kernel version", preamble.kernel_version),
            ("body load address", f"{preamble.body_load_address:#x}"),
            ("command line", cmdline.decode("utf-8", "surrogateescape")),
        )
        return cls(cut(section, ranges, cls.KIND), rows)

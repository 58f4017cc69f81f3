"""Firmware packages of vendors that are recognised and named, so that one knows what one has; they are not taken apart.

Sources of the magics: LG KDZ and DZ (``kdztools``), Huawei UPDATE.APP (``splitupdate``), Oppo and OnePlus OZIP
(``oziptools``), Rockchip RKFW and RKAF (``rkdeveloptool``).
"""

from __future__ import annotations

from functools import partial
from typing import ClassVar, Self

from pmport.errors import FormatError
from pmport.formats.base.wrapper import Wrapper
from pmport.node import Format, Part, Role
from pmport.section import Readable, Section

__all__ = ["HuaweiUpdate", "LgDz", "LgKdz", "OppoOzip", "PxaTable", "RockchipFirmware", "VendorPackage"]

_recognised = partial(
    Format,
    certain=False,
    reads="its name",
    source="see pmport.formats.packages.vendor",
    limits="unverified: no real sample; recognised, not taken apart",
)


class VendorPackage(Wrapper):
    """A package that is only recognised."""

    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]]
    """``(offset, bytes)``; one of them is there."""
    TOOL: ClassVar[str]
    """What takes it apart."""

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Recognise one.

        Args:
            source: Where it is.

        Returns:
            The package; all of it is one part.

        Raises:
            FormatError: If none of the magics is there.
        """
        section = Section.of(source)
        if not any(section.read(at, len(magic)) == magic for at, magic in cls.MAGICS):
            raise FormatError("Its magic is not there", format=cls.KIND, field="magic", offset=cls.MAGICS[0][0])
        rows = [("what to do", f"it is recognised, not taken apart; {cls.TOOL} does that")]
        return cls((Part("package", section, Role.TAIL),), rows)


class LgKdz(VendorPackage):
    """LG's KDZ: the download of its updater."""

    KIND: ClassVar[str] = "LG KDZ"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = (
        (0, b"\x28\x05\x00\x00\x34\x31\x25\x80"),
        (0, b"\x18\x05\x00\x00\x32\x79\x44\x50"),
    )
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "kdztools"


class LgDz(VendorPackage):
    """LG's DZ: the partitions inside a KDZ."""

    KIND: ClassVar[str] = "LG DZ"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = ((0, b"\x32\x96\x18\x74"),)
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "kdztools"


class HuaweiUpdate(VendorPackage):
    """Huawei's UPDATE.APP."""

    KIND: ClassVar[str] = "Huawei UPDATE.APP"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = ((92, b"\x55\xaa\x5a\xa5"),)
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "splitupdate"


class OppoOzip(VendorPackage):
    """Oppo's encrypted OZIP."""

    KIND: ClassVar[str] = "Oppo OZIP"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = ((0, b"OPPOENCRYPT!"),)
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "oziptools"


class PxaTable(VendorPackage):
    """Marvell's table of device trees, of PXA1908 and its kin: its numbers are told differently by each source."""

    KIND: ClassVar[str] = "PXA-DT"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = ((0, b"PXA-DT"), (0, b"PXA-19xx"))
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "pxa-mkbootimg"


class RockchipFirmware(VendorPackage):
    """Rockchip's RKFW and RKAF."""

    KIND: ClassVar[str] = "Rockchip firmware"
    MAGICS: ClassVar[tuple[tuple[int, bytes], ...]] = ((0, b"RKFW"), (0, b"RKAF"))
    FORMAT = _recognised(magics=MAGICS)
    TOOL: ClassVar[str] = "rkdeveloptool"

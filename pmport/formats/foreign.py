"""What is this file? Words and advice for the usual wrong file: nothing that pmport reads, and known all the same.

A row is found by bytes at fixed places; what has none (a disk's boot sector, text, fill, random bytes) is told by its
looks, last. :func:`pmport.open` puts the answer into its error, :class:`pmport.node.Data` into its description, and
:mod:`pmport.bootcheck` into its findings.

Example:
    >>> from pmport.section import Section
    >>> found = identify(Section.of(b"<!DOCTYPE html><title>404</title>"))
    >>> found.word, found.family
    ('an HTML page', 'text')
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pmport.section import Section

__all__ = ["ROWS", "Foreign", "identify"]

SAMPLE = 64 << 10
"""How much is looked at to judge fill, text and randomness, bytes."""
SMALLEST_RANDOM = 1024
"""Fewer bytes than this prove no randomness."""
SECTOR = 512
TEXT = frozenset(string.printable.encode()) - set(b"\x0b\x0c")


class Foreign(NamedTuple):
    """What a file is.

    Args:
        word: What a person calls it, with its article.
        family: ``file system``, ``archive``, ``patch``, ``text``, ``bootloader``, ``package``, ``program``, ``disk``,
            ``encrypted``, ``fill`` or ``random``.
        advice: What to do instead.
    """

    word: str
    family: str
    advice: str


FILE_SYSTEM = "mount it, or extract it with the file system's own tools"
ARCHIVE = "unpack it, and name a file in it"
PATCH = "it only holds differences: apply it to the file that it was made for"
LOADER = "it is no boot image: take boot.img or recovery.img from the same package"
PACKAGE = "unpack it with the vendor's or a community tool, and name boot.img or the like"
NEWC = "make it with cpio -H newc: the kernel takes no other"
LFS = "fetch the file itself: git lfs pull"
IMAGE = "a bootloader wants Image, zImage or Image.gz from arch/*/boot"
CRYPT = "decrypt it first, or get the file from a package that is not encrypted"

ROWS: tuple[tuple[tuple[tuple[int, bytes], ...], Foreign], ...] = (
    # file systems
    (((1080, b"\x53\xef"),), Foreign("an ext2, ext3 or ext4 file system", "file system", FILE_SYSTEM)),
    (((1024, b"\x10\x20\xf5\xf2"),), Foreign("an f2fs file system", "file system", FILE_SYSTEM)),
    (((1024, b"\xe2\xe1\xf5\xe0"),), Foreign("an EROFS file system", "file system", FILE_SYSTEM)),
    (((0, b"hsqs"),), Foreign("a squashfs file system", "file system", FILE_SYSTEM)),
    (((0, b"sqsh"),), Foreign("a squashfs file system (big endian)", "file system", FILE_SYSTEM)),
    (((0x10040, b"_BHRfS_M"),), Foreign("a btrfs file system", "file system", FILE_SYSTEM)),
    (((0, b"XFSB"),), Foreign("an XFS file system", "file system", FILE_SYSTEM)),
    (((0, b"-rom1fs-"),), Foreign("a romfs file system", "file system", FILE_SYSTEM)),
    (((0, b"\x45\x3d\xcd\x28"),), Foreign("a cramfs file system", "file system", FILE_SYSTEM)),
    (((0, b"UBI#"),), Foreign("a UBI volume image", "file system", "extract it with ubireader or nandsim")),
    (((0, b"\x31\x18\x10\x06"),), Foreign("a UBIFS file system", "file system", FILE_SYSTEM)),
    (((0, b"\x85\x19\x01\xe0"),), Foreign("a JFFS2 file system", "file system", FILE_SYSTEM)),
    (((0, b"\x85\x19\x03\x20"),), Foreign("a JFFS2 file system", "file system", FILE_SYSTEM)),
    (((32769, b"CD001"),), Foreign("an ISO 9660 image", "file system", FILE_SYSTEM)),
    (((3, b"EXFAT   "),), Foreign("an exFAT file system", "file system", FILE_SYSTEM)),
    (((3, b"NTFS    "),), Foreign("an NTFS file system", "file system", FILE_SYSTEM)),
    (((54, b"FAT"), (510, b"\x55\xaa")), Foreign("a FAT file system", "file system", FILE_SYSTEM)),
    (((82, b"FAT32"), (510, b"\x55\xaa")), Foreign("a FAT file system", "file system", FILE_SYSTEM)),
    (((0, b"LUKS\xba\xbe"),), Foreign("a LUKS volume", "encrypted", "open it with cryptsetup first")),
    # archives
    (((0, b"7z\xbc\xaf\x27\x1c"),), Foreign("a 7z archive", "archive", ARCHIVE)),
    (((0, b"Rar!\x1a\x07"),), Foreign("a RAR archive", "archive", ARCHIVE)),
    (((0, b"MSCF"),), Foreign("a Microsoft cabinet archive", "archive", ARCHIVE)),
    (((0, b"!<arch>\n"),), Foreign("an ar archive or Debian package", "archive", ARCHIVE)),
    (((0, b"\xed\xab\xee\xdb"),), Foreign("an RPM package", "archive", ARCHIVE)),
    (((0, b"ADB."),), Foreign("an Alpine package", "archive", "install it with apk, or extract it")),
    (((0, b"ADBd"),), Foreign("an Alpine package", "archive", "install it with apk, or extract it")),
    (((0, b"PK\x07\x08"),), Foreign("the first piece of a split zip archive", "archive", "join its pieces first")),
    (((0, b"070707"),), Foreign("a cpio archive of the old form", "archive", NEWC)),
    (((0, b"\xc7\x71"),), Foreign("a cpio archive of the old binary form", "archive", NEWC)),
    # patches
    (((0, b"BSDIFF40"),), Foreign("a bsdiff patch", "patch", PATCH)),
    (((0, b"ENDSLEY/BSDIFF43"),), Foreign("a bsdiff patch", "patch", PATCH)),
    (((0, b"BSDF2"),), Foreign("a bsdiff patch", "patch", PATCH)),
    (((0, b"IMGDIFF2"),), Foreign("an imgdiff patch", "patch", PATCH)),
    (((0, b"PUF1"),), Foreign("a puffdiff patch", "patch", PATCH)),
    (((0, b"ZUCC"),), Foreign("a zucchini patch", "patch", PATCH)),
    (((0, b"\xd6\xc3\xc4"),), Foreign("an xdelta (VCDIFF) patch", "patch", PATCH)),
    (((0, b"diff --git "),), Foreign("a text patch", "patch", "apply it with git apply or patch")),
    # text
    (((0, b"version https://git-lfs.github.com/spec/"),), Foreign("a Git LFS pointer", "text", LFS)),
    (((0, b"../../"),), Foreign("a git-annex or symlink pointer", "text", "fetch the file that it points to")),
    (((0, b"%PDF-"),), Foreign("a PDF document", "text", "it is no image: download the file that it describes")),
    (((0, b"-----BEGIN "),), Foreign("a PEM key or certificate", "text", "name an image; keys go to --key")),
    (((0, b"\x89PNG\r\n"),), Foreign("a PNG picture", "text", "it is no image of a partition")),
    # vendors' bootloaders and firmware
    (((0, b"FBPK"),), Foreign("a Pixel bootloader package (FBPK)", "bootloader", LOADER)),
    (((0, b"BOOTLDR!"),), Foreign("a Qualcomm bootloader package of a Nexus", "bootloader", LOADER)),
    (((0, b"SINGLE_N_LONELY"),), Foreign("a Motorola bootloader package", "bootloader", LOADER)),
    (((0, b"AMLSECU!"),), Foreign("an encrypted Amlogic image (AMLSECU!)", "encrypted", CRYPT)),
    (((16, b"@AML"),), Foreign("an Amlogic bootloader", "bootloader", LOADER)),
    (((8, b"\x56\x19\xb5\x27"),), Foreign("an Amlogic burning package", "package", PACKAGE)),
    (((0, b"LDR "),), Foreign("a Rockchip loader", "bootloader", LOADER)),
    (((0, b"BOOT\x66"),), Foreign("a Rockchip loader", "bootloader", LOADER)),
    (((0, b"RKFP"),), Foreign("a Rockchip flash image (RKFP)", "package", PACKAGE)),
    (((0, b"PARM"),), Foreign("a Rockchip parameter file", "text", "it lists partitions, and holds no image")),
    (((0, b"MMM\x01"),), Foreign("a MediaTek preloader", "bootloader", LOADER)),
    (((0, b"EMMC_BOOT\0"),), Foreign("a MediaTek preloader with its eMMC header", "bootloader", LOADER)),
    (((0, b"UFS_BOOT\0"),), Foreign("a MediaTek preloader with its UFS header", "bootloader", LOADER)),
    (((0, b"\xd1\xdc\x4b\x84\x34\x10\xd7\x73"),), Foreign("a Qualcomm boot loader stage (SBL)", "bootloader", LOADER)),
    (((4, b"eGON.BT0"),), Foreign("an Allwinner boot loader stage", "bootloader", LOADER)),
    (((0, b"IMAGEWTY"),), Foreign("an Allwinner firmware package", "package", PACKAGE)),
    (((0, b"B\0P\0_\0R\0"),), Foreign("a Spreadtrum PAC package", "package", PACKAGE)),
    (((4, b"SignedImage "),), Foreign("a Windows Phone FFU image", "package", "pmport reads nothing of it")),
    (((0, b"Htc@egi$"),), Foreign("an encrypted HTC zip archive", "encrypted", CRYPT)),
    (((0, b"Salted__"),), Foreign("a file encrypted with OpenSSL", "encrypted", CRYPT)),
    (((0, b"3gmI"),), Foreign("an Apple img3 image", "bootloader", "pmport reads nothing of it")),
    # programs
    (((0, b"\x7fELF"),), Foreign("an ELF file: a program, module, firmware or vmlinux", "program", IMAGE)),
    (((0, b"MZ"), (64, b"\x0e\x1f\xba")), Foreign("a Windows program", "program", "name an image")),
    (((0, b"dex\n"),), Foreign("Android program code", "program", "name an image")),
)  # fmt: skip
"""``((offset, bytes), …)``, all of which must be there, and what it is then."""

ZEROS = Foreign("nothing but zeros", "fill", "the partition is empty, or was read wrongly: get the file again")
ERASED = Foreign("nothing but 0xff", "fill", "the flash is erased there, or was read wrongly: get the file again")
HTML = Foreign("an HTML page", "text", "the download gave an error page: get the file itself")
XML = Foreign("an XML file of a kind that is not read", "text", "see docs/formats.md for what is read")
JSON = Foreign("a JSON file", "text", "name an image")
SCRIPT = Foreign("a script", "text", "name an image, not the program that makes it")
PATCH_TEXT = Foreign("a text patch", "patch", "apply it with git apply or patch")
PLAIN = Foreign("text", "text", "name an image, or a list that docs/formats.md knows")
MBR = Foreign("a disk with an MBR partition table, or a boot sector", "disk", "name one of its partitions")
RANDOM = Foreign("random or encrypted bytes", "random", "decrypt it, or get the file again")


def identify(section: Section) -> Foreign | None:
    """Say what bytes are that no format of pmport fits.

    Args:
        section: The bytes.

    Returns:
        What they are; None where nothing is known.
    """
    for places, foreign in ROWS:
        if all(section.read(offset, len(magic)) == magic for offset, magic in places):
            return foreign
    sample = section.read(0, SAMPLE)
    return _fill(section, sample) or _text(sample) or _disk(sample) or _random(sample)


def _fill(section: Section, sample: bytes) -> Foreign | None:
    if not sample:
        return None
    if not sample.strip(b"\0"):
        return ZEROS if section.is_zero() else None
    return ERASED if not sample.strip(b"\xff") and not any(piece.strip(b"\xff") for piece in section.chunks()) else None


def _text(sample: bytes) -> Foreign | None:
    begin = sample.removeprefix(b"\xef\xbb\xbf").lstrip()[:256].lower()
    if begin.startswith((b"<!doctype html", b"<html", b"<head")):
        return HTML
    body = sample.rstrip(b"\0")
    if not body:
        return None
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(body) - 4:
            return None
    if any(byte < 0x80 and byte not in TEXT for byte in set(body)):
        return None
    kinds = ((b"<?xml", XML), (b"{", JSON), (b"[{", JSON), (b"#!", SCRIPT), (b"--- ", PATCH_TEXT))
    return next((kind for mark, kind in kinds if begin.startswith(mark)), PLAIN)


def _disk(sample: bytes) -> Foreign | None:
    """A boot sector's mark, with partition entries whose first byte is 0 or 0x80, as a table's are."""
    if sample[SECTOR - 2 : SECTOR] != b"\x55\xaa":
        return None
    return MBR if all(sample[446 + 16 * entry] in {0, 0x80} for entry in range(4)) else None


def _random(sample: bytes) -> Foreign | None:
    """Whether all bytes are about equally frequent: the chi-square of code and text is far above that of chance.

    Of 255 degrees of freedom, chance gives 255 with a deviation of 23; the bounds are four deviations away.
    """
    if len(sample) < SMALLEST_RANDOM:
        return None
    expected = len(sample) / 256
    chi_square = sum((sample.count(byte) - expected) ** 2 for byte in range(256)) / expected
    return RANDOM if 160 < chi_square < 350 else None

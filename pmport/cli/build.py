"""``pmport build``: what a phone's bootloader starts, from its record and the parts."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.bootcheck.profiles import PROFILES
from pmport.cli.bootcheck import size
from pmport.cli.output import json_option, report
from pmport.cli.source import opened, text_of
from pmport.cli.writing import writes

if TYPE_CHECKING:
    from pmport.device_db import Device
    from pmport.generate import BootFilesBuilt

__all__ = ["build", "record_of"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def record_of(name: str) -> Device:
    """A record by its codename, or from a file.

    Args:
        name: The codename, or the file's path.

    Returns:
        The record.

    Raises:
        RecordError: If the file is no record.
        UnknownDeviceError: If there is no such record.
    """
    from pmport import device_db  # noqa: PLC0415 - only this command

    path = Path(name)
    return device_db.parse(text_of(path), path.name) if path.is_file() else device_db.load(name)


def _written(built: BootFilesBuilt, output: Path, only: str) -> list[dict[str, object]]:
    from pmport.errors import RecordError  # noqa: PLC0415
    from pmport.file_writing import replacing  # noqa: PLC0415

    if only and only not in built.files:
        raise RecordError(f"No {only!r} is built for this record", remedy=f"There are {', '.join(built.files)}")
    wanted = {only: built[only]} if only else built.files
    written: list[dict[str, object]] = []
    for name, section in wanted.items():
        path = output if len(wanted) == 1 else output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as target:
            section.copy_to(target)
        written.append({"path": str(path), "size": section.size})
    return written


def _first_line(dtbs: tuple[Path, ...], cmdline: str | None) -> str:
    """A first command line for the first device tree, before what was given."""
    from pmport.cli.bootcheck import first_words  # noqa: PLC0415

    if not dtbs:
        raise click.UsageError("--first-boot reads the device tree: name it with --dtb")
    with opened(str(dtbs[0])) as tree:
        return " ".join([*(row.word for row in first_words(tree)), *([cmdline] if cmdline else [])])


@click.command(
    epilog="Example: pmport build --record nokia-argon --kernel Image.gz --dtb board.dtb --ramdisk initramfs -o boot.img"
)
@click.option("--record", required=True, metavar="NAME|FILE", help="Codename of a device record, or a record file.")
@click.option("--kernel", required=True, type=FILE, help="Image, Image.gz, zImage, vmlinuz.efi …")
@click.option("--ramdisk", type=FILE, help="The initramfs.")
@click.option("--dtb", "dtbs", multiple=True, type=FILE, help="A device tree; several where the bootloader chooses.")
@click.option("--dt", type=FILE, help="A finished table of device trees (dt.img), instead of one that is made.")
@click.option("--recovery-dtbo", type=FILE, help="The recovery's DTBO (header v1 and v2).")
@click.option("--vendor-ramdisk", type=FILE, help="The vendor's ramdisk (header v3 and v4).")
@click.option("--cmdline", help="Kernel command line; else the record's.")
@click.option(
    "--against", multiple=True, metavar="FILE", help="Stock boot, vendor_boot or init_boot image of the phone."
)
@click.option("--first-boot", is_flag=True, help="Begin the command line as bootcheck --first-boot proposes it.")
@click.option("--variant", default="", metavar="NAME", help="One of the record's kernels.")
@click.option(
    "--placement",
    type=click.Choice(["append", "second", "qcdt", "dtb"]),
    default=None,
    help="Where device trees go, if not where the record says.",
)
@click.option("--boot-script", is_flag=True, help="Make a boot.scr for U-Boot too.")
@click.option("--only", default="", metavar="NAME", help="Write this file alone: boot.img, where there are several.")
@click.option("--partition-size", type=size, help="Size of the boot partition: bytes, or 32M.")
@click.option("--profile", type=click.Choice(list(PROFILES)), help="The family of the bootloader.")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="File; a folder for several files."
)
@json_option
@writes("output")
def build(
    record: str,
    kernel: Path,
    ramdisk: Path | None,
    dtbs: tuple[Path, ...],
    *,
    dt: Path | None,
    recovery_dtbo: Path | None,
    vendor_ramdisk: Path | None,
    cmdline: str | None,
    first_boot: bool,
    against: tuple[str, ...],
    variant: str,
    placement: str | None,
    boot_script: bool,
    only: str,
    partition_size: int | None,
    profile: str | None,
    output: Path,
    as_json: bool,
    raw: bool,
) -> int:
    """Build the boot image of a phone from its record and the parts of a kernel build.

    What the record does not say comes from the stock image that --against names, and only then from mkbootimg's
    defaults. The result is checked as pmport bootcheck does it. Where the bootloader reads several files, OUTPUT is a
    folder.
    """
    from pmport.generate import BootParts, boot_image  # noqa: PLC0415 - only this command
    from pmport.section import Section  # noqa: PLC0415

    def part(path: Path | None) -> Section:
        section = Section.zeros(0) if path is None else Section.of(path)
        stack.callback(section.close)
        return section

    with ExitStack() as stack:
        parts = BootParts(
            kernel=part(kernel),
            ramdisk=part(ramdisk),
            dtbs=tuple(part(path) for path in dtbs),
            dt=part(dt),
            recovery_dtbo=part(recovery_dtbo),
            vendor_ramdisk=part(vendor_ramdisk),
        )
        built = boot_image(
            record_of(record),
            parts,
            against=[stack.enter_context(opened(path)) for path in against],
            cmdline=_first_line(dtbs, cmdline) if first_boot else cmdline,
            variant=variant,
            placement=placement or "",
            boot_script=boot_script,
            partition_size=partition_size,
            profile=profile,
        )
        result = {"files": _written(built, output, only), "settings": built.settings}
        return report(result, [built.view()], findings=built.findings, as_json=as_json, raw=raw, judges=True)

"""``pmport bootcheck``: will this image boot?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pmport.bootcheck.profiles import PROFILES
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.render import Table, Text, size_text

if TYPE_CHECKING:
    from pmport.bootcheck import BootWord
    from pmport.node import Node
    from pmport.render import View

__all__ = ["bootcheck", "first_words", "size"]

UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def size(text: str) -> int:
    """Read a size.

    Args:
        text: ``33554432``, ``0x2000000`` or ``32M``.

    Returns:
        Bytes.

    Raises:
        BadParameter: If it is none.
    """
    plain = text.lower().removesuffix("ib").removesuffix("b") if not text.lower().startswith("0x") else text
    unit = plain[-1:] if plain[-1:] in UNITS and not plain.startswith("0x") else ""
    try:
        return int(plain.removesuffix(unit), 0) * UNITS[unit]
    except ValueError:
        raise click.BadParameter(f"{text!r} is no size: write 33554432, 0x2000000 or 32M") from None


def first_words(image: Node) -> tuple[BootWord, ...]:
    """A first command line for the first device tree in an image.

    Args:
        image: The image.

    Returns:
        The words; where it holds no tree, those that hold for every first boot.
    """
    from pmport.bootcheck import propose  # noqa: PLC0415 - only where it is asked for
    from pmport.devicetree import Blob, DeviceTree  # noqa: PLC0415

    blob = next((inner for _, inner in image.walk() if isinstance(inner, Blob)), None)
    return propose(blob.tree() if blob is not None else DeviceTree())


@click.command(epilog="Example: pmport bootcheck new.img --against stock-boot.img --profile lk --partition-size 32M")
@click.argument("file")
@click.option("--against", help="The phone's stock image, to compare field by field.")
@click.option("--partition-size", type=size, help="Size of the partition: bytes, or 32M.")
@click.option("--profile", type=click.Choice(list(PROFILES)), help="The family of the bootloader.")
@click.option("--first-boot", is_flag=True, help="Propose a command line for the first boot, with reasons.")
@json_option
def bootcheck(
    file: str,
    against: str | None,
    partition_size: int | None,
    profile: str | None,
    *,
    first_boot: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Find what would keep FILE from booting, before it is flashed."""
    from pmport.bootcheck import check  # noqa: PLC0415 - only this command

    with opened(file) as image:
        stock = opened(against) if against else None
        found = check(image, against=stock, partition_size=partition_size, profile=profile)
        if stock is not None:
            stock.close()
        line = f"{file}: {image.KIND}, {size_text(image.size)}"
        if not found:
            line += "; nothing was found against it"
        result: dict[str, Any] = {
            "file": file,
            "kind": image.KIND,
            "size": image.size,
            "profile": profile,
            "against": against,
        }
        views: list[View] = [Text(line)]
        if first_boot:
            words = first_words(image)
            result["first_boot"] = [row._asdict() for row in words]
            views.append(
                Table(("word", "why", "node"), words, title=f"First boot: {' '.join(row.word for row in words)}")
            )
        return report(result, views, findings=found, as_json=as_json, raw=raw, judges=True)

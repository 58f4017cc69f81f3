"""``pmport bootcheck``: will this image boot?"""

from __future__ import annotations

import click

from pmport.bootcheck.profiles import PROFILES
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.render import Text, size_text

__all__ = ["bootcheck"]

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


@click.command(epilog="Example: pmport bootcheck new.img --against stock-boot.img --profile lk --partition-size 32M")
@click.argument("file")
@click.option("--against", help="The phone's stock image, to compare field by field.")
@click.option("--partition-size", type=size, help="Size of the partition: bytes, or 32M.")
@click.option("--profile", type=click.Choice(list(PROFILES)), help="The family of the bootloader.")
@json_option
def bootcheck(
    file: str, against: str | None, partition_size: int | None, profile: str | None, *, as_json: bool, raw: bool
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
        result = {"file": file, "kind": image.KIND, "size": image.size, "profile": profile, "against": against}
        return report(result, [Text(line)], findings=found, as_json=as_json, raw=raw, judges=True)

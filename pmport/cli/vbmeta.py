"""``pmport vbmeta``: make a vbmeta image that disables verification, or a signed one."""

from __future__ import annotations

from pathlib import Path

import click

from pmport.cli.output import json_option, report
from pmport.cli.writing import writes
from pmport.render import Text

__all__ = ["vbmeta"]


@click.command(epilog="Example: pmport vbmeta --flags 2 -o vbmeta.img")
@click.option("-o", "--output", required=True, help="The file to write.")
@click.option(
    "--flags", type=click.IntRange(0, 3), default=2, show_default=True, help="1: no hash trees; 2: no verification."
)
@click.option(
    "--padding-size", type=click.IntRange(0), default=4096, show_default=True, help="Zero-pad to a multiple of it."
)
@click.option("--algorithm", default="NONE", show_default=True, help="Such as SHA256_RSA4096.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False), help="RSA key (PEM) to sign with.")
@json_option
@writes("output")
def vbmeta(
    output: str, flags: int, padding_size: int, algorithm: str, key: str | None, *, as_json: bool, raw: bool
) -> int:
    """Make an empty vbmeta image, as phones want it that are to boot an unsigned system."""
    from pmport.formats.avb.vbmeta import VbMeta  # noqa: PLC0415 - only this command
    from pmport.unpacking import replacing  # noqa: PLC0415

    private_key = Path(key).read_bytes() if key else None
    blob = VbMeta.build(flags=flags, padding_size=padding_size, algorithm=algorithm, private_key=private_key)
    with replacing(Path(output)) as file:
        size = blob.write_to(file)
    result = {"file": output, "size": size, "flags": flags, "algorithm": blob.algorithm}
    return report(result, [Text(f"{output}: vbmeta, {size} bytes"), blob.view()], as_json=as_json, raw=raw)

"""pmport in the place of ``dtc`` and ``fdtoverlay``: only options and exit codes are translated, for dtc's own test suite.

``-O asm`` and ``-O yaml`` are not pmport's: for the first, the blob is written as the assembler's bytes.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click

from pmport.cli import pmport
from pmport.errors import PmportError

SYNTAX, CHECKS = 1, 2
"""dtc's exit codes: what it cannot read at all, and what its checks refuse."""


def run(arguments: list[str]) -> int:
    out = option(arguments, "o")
    if out != arguments[-1] and Path(out).is_file():
        Path(out).unlink()  # dtc writes over what is there
    try:
        return int(pmport.main(args=arguments, prog_name="dtc", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return SYNTAX
    except (PmportError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return CHECKS if "-f writes it" in str(error) else SYNTAX


def option(arguments: list[str], letter: str) -> str:
    """The value of an option, in either spelling; "" without it."""
    for at, text in enumerate(arguments):
        if text == f"-{letter}":
            return arguments[at + 1]
        if text.startswith(f"-{letter}"):
            return text[2:]
    return ""


def dtc(arguments: list[str]) -> int:
    if option(arguments, "O") != "asm":
        return run(["dt", "compile", *arguments])
    out = Path(option(arguments, "o"))
    code = run(["dt", "compile", *["dtb" if text == "asm" else text for text in arguments]])
    if not code:
        words = ",".join(map(str, out.read_bytes()))
        symbols = ("dt_blob_start", "dt_header"), ("dt_blob_end",)
        start, end = ("".join(f"\t.globl {name}\n{name}:\n" for name in names) for names in symbols)
        out.write_text(f"\t.data\n\t.balign 8\n{start}\t.byte {words}\n{end}", encoding="ascii")
    return code


def fdtoverlay(arguments: list[str]) -> int:
    base, out = option(arguments, "i"), option(arguments, "o")
    overlays = [text for text in arguments if text not in {"-i", "-o", base, out}]
    # what pmport prints about it belongs to its user
    command = [sys.executable, "-m", "pmport", "dt", "apply", base, *overlays, "--force", "-o", out]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit({"dtc": dtc, "fdtoverlay": fdtoverlay}[sys.argv[1]](sys.argv[2:]))

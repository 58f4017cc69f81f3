"""``pmport dt compile|check``: source into blobs, and what dtc would say of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pmport.cli.dt import INDEX, OUTPUT, SOURCE_SUFFIXES, dt, tree_of
from pmport.cli.output import json_option, report
from pmport.cli.source import read
from pmport.cli.writing import writes, written
from pmport.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pmport.devicetree import DeviceTree
    from pmport.devicetree.source import Compiled
    from pmport.findings import Finding

F = TypeVar("F", bound="Callable[..., Any]")

__all__ = ["check_", "compile_", "dt"]

KINDS = ("dts", "dtb", "fs")
WORDS = {"error": "ERROR", "warning": "Warning", "unknown": "Warning", "note": "Note"}
"""Severity → dtc's word for it."""
MAGIC = b"\xd0\x0d\xfe\xed"


def _number(_context: object, _option: object, text: str | None) -> int | None:
    """A number as C writes it: 17, 0x11, 021."""
    if text is None:
        return None
    try:
        digits = text.removeprefix("0") if text[:1] == "0" and text[1:].isdigit() else ""
        number = int(digits, 8) if digits else int(text, 0)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no number") from None
    if not 0 <= number < 1 << 32:
        raise click.BadParameter(f"{text} is not between 0 and 4294967295")
    return number


def _c_number(*names: str, text: str, metavar: str = "NUMBER") -> Callable[[F], F]:
    return click.option(*names, callback=_number, metavar=metavar, help=text)


def _sources(command: F) -> F:
    """The options of what reads source."""
    for option in (
        click.option("-f", "--force", is_flag=True, help="Go on where checks that are errors fail, and write over what is there."),
        click.option("-E", "--error", multiple=True, metavar="[no-]CHECK", help="Make a check an error, or not."),
        click.option("-W", "--warning", multiple=True, metavar="[no-]CHECK", help="Turn a check on or off."),
        click.option("-D", "--define", multiple=True, metavar="NAME[=VALUE]", help="A macro."),
        click.option(
            "-I", "-i", "--include", multiple=True, metavar="FOLDER",
            help="A folder with included files; or, as for dtc, what FILE is: dts, dtb or fs.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _examined(  # what both commands take
    file: str,
    include: tuple[str, ...],
    define: tuple[str, ...],
    warning: Iterable[str],
    error: Iterable[str],
    extras: Any = None,
    index: int = 0,
) -> Compiled:
    """The tree in a file, and what the checks say of it; nothing is refused yet."""
    from pmport.devicetree import Compiled, check, compile_source  # noqa: PLC0415 - only here
    from pmport.devicetree.checks import Levels  # noqa: PLC0415
    from pmport.devicetree.source import source_text  # noqa: PLC0415

    levels = Levels(warning, error)
    kinds = [text for text in include if text in KINDS and not Path(text).is_dir()]
    folders = [Path(text) for text in include if text not in kinds]
    kind = kinds[-1] if kinds else "dts" if file == "-" or Path(file).suffix in SOURCE_SUFFIXES else ""
    if kind == "dts" or (not kind and _is_source(file)):
        macros = {name: value or "1" for name, _, value in (text.partition("=") for text in define)}
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape") if file == "-" else source_text(Path(file))
        name = "standard input" if file == "-" else file
        beside = [] if file == "-" else [Path(file).parent]
        return compile_source(
            text, name=name, include=[*beside, *folders], define=macros, extras=extras, levels=levels, force=True
        )
    tree = _plain_blob(file) or tree_of(file, index)
    return Compiled(tree, check(tree, levels), (file,))


def _plain_blob(file: str) -> DeviceTree | None:
    """The tree of a file that is one blob, with phandles that a check is to judge."""
    from pmport.devicetree import Blob  # noqa: PLC0415 - only to check a blob

    data = read(Path(file)) if file == "-" or Path(file).is_file() else b""
    if data[:4] != MAGIC or int.from_bytes(data[4:8], "big") != len(data):
        return None
    return Blob.glance(data).tree(unique=False)


def _is_source(file: str) -> bool:
    """Whether a file of another name holds source: it begins with what no binary format begins with."""
    path = Path(file)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return b"/dts-v1/" in stream.read(4096).split(b"\0")[0]


def _tell(findings: Iterable[Finding]) -> None:
    """Findings as dtc prints them."""
    for finding in findings:
        place = f"{finding.where}: " if finding.where else ""
        click.echo(f"{place}{WORDS[finding.severity]} ({finding.code}): {finding.message}", err=True)


def _refuse_errors(findings: Iterable[Finding], file: str) -> None:
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise FormatError(
            f"{file} has {len(errors)} error{'s' * (len(errors) > 1)}",
            format="device tree source",
            remedy="Nothing was written; -f writes it all the same",
        )


@dt.command("compile", epilog="Example: pmport dt compile board.dts -I linux/include -@ -o board.dtb")
@click.argument("file")
@OUTPUT
@_sources
@click.option("-O", "--output-format", type=click.Choice(["dtb", "dts"]), default="dtb", help="What to write.")
@click.option("-@", "--symbols", is_flag=True, help="Keep the labels, so that overlays can be applied.")
@click.option("-A", "--aliases", is_flag=True, help="Make an alias of each label.")
@click.option("-L", "--local-fixups", is_flag=True, help="Write fixups for a tree that is no overlay, too.")
@click.option(
    "-H", "--phandle", type=click.Choice(["legacy", "epapr", "both"]), default="epapr", help="How phandles are spelt."
)
@click.option("-s", "--sort", is_flag=True, help="Put properties and nodes into the order of their names.")
@click.option("-q", "--quiet", count=True, help="Say no warnings; twice: no errors.")
@_c_number("-p", "--pad", text="Leave so many bytes free at the end.", metavar="BYTES")
@_c_number("-S", "--space", text="Make the blob so large at least.", metavar="BYTES")
@_c_number("-a", "--align", text="Make its size a multiple of this.", metavar="BYTES")
@_c_number("-R", "--reserve", text="Leave so many reservations free.")
@_c_number("-b", "--boot-cpu", text="The physical id of the boot processor.")
@_c_number("-V", "--out-version", text="The blob's version: 1, 2, 3, 16 or 17.")
@click.option("-d", "--out-dependency", default="", metavar="FILE", help="Write what was read, for make.")
@writes("output", "out_dependency", force=False)
def compile_(
    file: str,
    output: str,
    include: tuple[str, ...],
    define: tuple[str, ...],
    warning: tuple[str, ...],
    error: tuple[str, ...],
    output_format: str,
    phandle: str,
    quiet: int,
    pad: int | None,
    space: int | None,
    align: int | None,
    reserve: int | None,
    boot_cpu: int | None,
    out_version: int | None,
    out_dependency: str,
    *,
    force: bool,
    symbols: bool,
    aliases: bool,
    local_fixups: bool,
    sort: bool,
) -> None:
    """Compile the source FILE; what it includes is preprocessed with it. - reads standard input.

    The options are dtc's. FILE may be a blob, an image that holds one, or a folder like /proc/device-tree as well.
    """
    from pmport.devicetree import Blob, Extras, to_source  # noqa: PLC0415 - only to compile

    if pad and space:
        raise click.UsageError("-p and -S exclude one another")
    if align is not None and (not align or align & (align - 1)):
        raise click.BadParameter(f"{align} is no power of two", param_hint="-a")
    made = _examined(file, include, define, warning, error, Extras(symbols, aliases, local_fixups, phandle))
    _tell(finding for finding in made.findings if quiet < (2 if finding.severity == "error" else 1))
    if not force:
        _refuse_errors(made.findings, file)
    tree: DeviceTree = made.tree
    if boot_cpu is not None:
        tree.boot_cpu = boot_cpu
    if sort:
        tree.sort()
    if output_format == "dts":
        written(to_source(tree).encode("utf-8", "surrogateescape"), output)
    else:
        blob = Blob.build(
            tree,
            canonical=True,
            padding=pad or 0,
            smallest=space or 0,
            align=align or 1,
            version=out_version,
            spare=reserve or 0,
        )
        written(bytes(blob), output)
    if out_dependency:
        names = [name.replace(" ", "\\ ") for name in (output, *made.files)]
        written(f"{names[0]}: {' '.join(names[1:])}\n".encode("utf-8", "surrogateescape"), out_dependency)


@dt.command("check", epilog="Example: pmport dt check board.dts -I linux/include --kernel 1")
@click.argument("file", required=False)
@_sources
@click.option("--kernel", type=click.IntRange(0, 2), help="The checks that `make dtbs W=N` of the kernel makes.")
@click.option("--list", "names", is_flag=True, help="Name the checks.")
@INDEX
@json_option
def check_(
    file: str | None,
    include: tuple[str, ...],
    define: tuple[str, ...],
    warning: tuple[str, ...],
    error: tuple[str, ...],
    kernel: int | None,
    index: int,
    *,
    force: bool,
    names: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Check FILE, source or blob, as dtc does: its errors and warnings under its names, with file and line.

    The exit code is 1 where something is found.
    """
    from pmport.devicetree.checks import CHECKS, KERNEL, Levels  # noqa: PLC0415 - only here
    from pmport.render import Table  # noqa: PLC0415

    del force  # a check refuses nothing
    wanted = (*(KERNEL[kernel] if kernel is not None else ()), *warning)
    if names:
        levels = Levels(wanted, error)
        rows = [(name, levels.of(name), ", ".join(entry.needs)) for name, entry in CHECKS.items()]
        result: dict[str, Any] = {"checks": [{"name": name, "level": level} for name, level, _ in rows]}
        return report(result, [Table(("check", "level", "needs"), rows)], as_json=as_json, raw=raw)
    if file is None:
        raise click.UsageError("name a FILE to check")
    made = _examined(file, include, define, wanted, error, index=index)
    counts = {severity: sum(finding.severity == severity for finding in made.findings) for severity in WORDS}
    result = {"file": file, "errors": counts["error"], "warnings": counts["warning"]}
    views = [] if made.findings else [made.findings.view()]
    return report(result, views, findings=made.findings, as_json=as_json, raw=raw, judges=True)

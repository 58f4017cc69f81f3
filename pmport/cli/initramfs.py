"""``pmport initramfs``: a minimal root, and a look into any ramdisk."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.output import json_option, report
from pmport.cli.source import opened, read
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import writes
from pmport.render import Table, Text, size_text

if TYPE_CHECKING:
    from pmport.initramfs import InitramfsOptions

__all__ = ["initramfs"]

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
COMPRESSIONS = ["gzip", "zstd", "xz", "lz4-legacy", "lzma", "bzip2", "none"]


@click.group(cls=SuggestingGroup)
def initramfs() -> None:
    """Build a minimal root for a first boot, and look into any ramdisk."""


def _board_modules(board_tree: str, kernel_config: str) -> tuple[str, ...]:
    import pmport  # noqa: PLC0415 - only where both are given
    from pmport.cli.dt import tree_of  # noqa: PLC0415
    from pmport.cli.kernel import open_config  # noqa: PLC0415

    needs = pmport.kernels.needs(tree_of(board_tree, option=""), open_config(kernel_config))
    storage = {name for need in needs if need.stops_boot for name in need.modules}
    return tuple(sorted({*needs.initramfs_modules, *storage}))


def _pairs(words: tuple[str, ...]) -> dict[str, Path]:
    found = {}
    for text in words:
        name, sign, source = text.partition("=")
        if not (name and sign and source):
            raise click.BadParameter(f"{text!r} is not PATH=FILE")
        if not Path(source).is_file():
            raise click.BadParameter(f"{source} is no file")
        found[name] = Path(source)
    return found


@initramfs.command(
    epilog="Example: pmport initramfs build --busybox busybox-static.deb --modules rootfs --console ttyMSM0 -o initramfs"
)
@click.option("--busybox", required=True, type=FILE, help="A static busybox; or a .deb, .apk or initramfs with one.")
@click.option("--modules", type=FOLDER, help="lib/modules/<version> of the kernel, or a root that holds it.")
@click.option("--module", "load", multiple=True, metavar="NAME", help="A module to load, with all that it needs.")
@click.option("--board-tree", metavar="FILE", help="The phone's device tree; with --kernel-config: its modules.")
@click.option("--kernel-config", metavar="FILE", help="The kernel's configuration, or a kernel that carries it.")
@click.option("--firmware", multiple=True, type=FOLDER, help="A folder as /lib/firmware, for what modules ask for.")
@click.option("--package", "packages", multiple=True, type=FILE, help="A .deb or .apk whose programs go in.")
@click.option("--ssh-key", type=FILE, help="A public key: SSH opens to it alone, and telnet stays off.")
@click.option("--record", metavar="NAME|FILE", help="The device's record: USB numbers and codename.")
@click.option("--console", "consoles", multiple=True, metavar="TTY", help="A terminal with a shell: ttyMSM0.")
@click.option("--add", "added", multiple=True, metavar="PATH=FILE", help="A further file.")
@click.option("--compression", type=click.Choice(COMPRESSIONS), default="gzip", show_default=True)
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@json_option
@writes("output")
def build(
    busybox: Path,
    output: Path,
    *,
    modules: Path | None,
    load: tuple[str, ...],
    board_tree: str | None,
    kernel_config: str | None,
    firmware: tuple[Path, ...],
    packages: tuple[Path, ...],
    ssh_key: Path | None,
    record: str | None,
    consoles: tuple[str, ...],
    added: tuple[str, ...],
    compression: str,
    as_json: bool,
    raw: bool,
) -> None:
    """Build a minimal root: a shell on USB, screen and serial port, with the modules that this board needs.

    The phone is a USB serial port and a network at 172.16.42.1, as postmarketOS' is. Its init is a short script; change it
    with pmport initramfs add OUT init=FILE.
    """
    from pmport import initramfs as room  # noqa: PLC0415 - only this command
    from pmport.cli.build import record_of  # noqa: PLC0415
    from pmport.cli.kernel import open_config  # noqa: PLC0415

    options: InitramfsOptions = {
        "load": load,
        "firmware": firmware,
        "packages": packages,
        "consoles": consoles,
        "files": _pairs(added),
        "compression": compression,
    }
    if board_tree:
        if not kernel_config:
            raise click.UsageError("--board-tree needs --kernel-config")
        options["load"] = (*load, *_board_modules(board_tree, kernel_config))
    if kernel_config:
        options["config"] = open_config(kernel_config)
    if modules is not None:
        options["modules"] = room.KernelModules(modules)
    if ssh_key is not None:
        options["ssh_key"] = ssh_key.read_text(encoding="utf-8", errors="replace")
    if record is not None:
        options["device"] = record_of(record)
    built = room.build(busybox, **options)
    built.write(output)
    result = {"file": str(output), "size": built.packed.size, "modules": built.loaded, "entries": len(built.ramdisk)}
    _leave(report(result, [built.view()], findings=built.findings, as_json=as_json, raw=raw, judges=True))


@initramfs.command(epilog="Example: pmport initramfs ls boot.img")
@click.argument("file")
@json_option
def ls(file: str, *, as_json: bool, raw: bool) -> None:
    """List the ramdisk in FILE: an initramfs, or an image with one inside."""
    from pmport import initramfs as room  # noqa: PLC0415

    with opened(file) as node:
        table = room.listing(room.in_image(node))
        result = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
        _leave(report(result, [table], as_json=as_json, raw=raw))


@initramfs.command(epilog="Example: pmport initramfs cat boot.img init")
@click.argument("file")
@click.argument("path")
def cat(file: str, path: str) -> None:
    """Write the content of PATH, in the ramdisk of FILE, to standard output."""
    from pmport import initramfs as room  # noqa: PLC0415
    from pmport.errors import FormatError  # noqa: PLC0415

    with opened(file) as node:
        try:
            data = room.in_image(node).read(path)
        except KeyError:
            raise FormatError(f"The ramdisk has no {path!r}", remedy=f"List it: pmport initramfs ls {file}") from None
        sys.stdout.buffer.write(data)


@initramfs.command(epilog="Example: pmport initramfs add initramfs init=my-init -o initramfs.new")
@click.argument("file", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.argument("added", nargs=-1, required=True, metavar="PATH=FILE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@writes("output")
def add(file: Path, added: tuple[str, ...], output: Path) -> None:
    """Put files into the ramdisk of FILE, or replace them; permissions are those of the files."""
    from pmport import initramfs as room  # noqa: PLC0415
    from pmport.file_writing import replacing  # noqa: PLC0415

    files = {name: (source.stat().st_mode, source.read_bytes()) for name, source in _pairs(added).items()}
    changed = room.with_files(read(file), files)
    with replacing(output) as target:
        changed.copy_to(target)
    click.echo(f"{output}: {size_text(changed.size)}")


@initramfs.command(epilog="Example: pmport initramfs diff initramfs.old initramfs.new")
@click.argument("first")
@click.argument("second")
@json_option
def diff(first: str, second: str, *, as_json: bool, raw: bool) -> None:
    """Tell what differs between the ramdisks of two files; the exit code is 1 where something does."""
    from pmport import initramfs as room  # noqa: PLC0415

    with opened(first) as old, opened(second) as new:
        found = room.differences(room.in_image(old), room.in_image(new))
        table = Table(("path", "what", "first", "second"), [tuple(row) for row in found], empty="no differences")
        views = [table] if found else [Text("no differences")]
        code = report([row._asdict() for row in found], views, as_json=as_json, raw=raw)
        _leave(code or int(bool(found)))


def _leave(code: int) -> None:
    if code:
        sys.exit(code)

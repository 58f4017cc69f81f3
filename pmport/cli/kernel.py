"""``pmport kernel``: does this configuration run a distribution, and does it run this phone?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

import pmport
from pmport.cli import EXIT_FINDINGS, completing
from pmport.cli.output import json_option, report, say
from pmport.cli.source import opened
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import writes, written
from pmport.errors import FormatError, RecordError
from pmport.findings import Findings, Severity
from pmport.formats.kernel.config import KernelConfig, find_configs
from pmport.render import Text

if TYPE_CHECKING:
    from pmport.kernels.rules import RuleSet

__all__ = ["kernel"]

CONFIG = click.Path(exists=True, dir_okay=False, allow_dash=True)
RULES = click.Path(exists=True)


@click.group(cls=SuggestingGroup)
def kernel() -> None:
    """Check kernel configurations against rules and against devices."""


def open_config(path: str) -> KernelConfig:
    """The configuration in a file: the file itself, or inside a kernel or boot image.

    Args:
        path: The file; ``-``: standard input.

    Returns:
        The configuration; of several, the first.

    Raises:
        FormatError: If the file holds none.
    """
    node = opened(path)
    for _, config in find_configs(node):
        return config
    raise FormatError(
        f"{path} ({node.KIND}) holds no kernel configuration",
        remedy="Give a .config, or a kernel that was built with IKCONFIG",
    )


def _rules(path: str | None) -> RuleSet:
    from pmport.kernels.rules import load_rules  # noqa: PLC0415 - reads data

    return load_rules() if path is None else load_rules(Path(path))


def _known(rules: RuleSet, categories: tuple[str, ...]) -> tuple[str, ...]:
    """The categories that were asked for; a name that none has is a mistake of the command line."""
    try:
        rules.resolve(categories)
    except RecordError as error:
        raise click.BadParameter(str(error), param_hint="--category") from None
    return categories or ("default",)


def _leave(code: int) -> None:
    if code:
        sys.exit(code)


_ASKED = [
    click.option(
        "--category",
        "-c",
        "categories",
        multiple=True,
        shell_complete=completing.categories,
        help="Category or alias; may be repeated.",
    ),
    click.option(
        "--rules",
        "rules_path",
        type=RULES,
        help="A kconfigcheck.toml, or a checkout of pmaports; else the rules that pmport ships.",
    ),
    click.option("--version", "version", help="The kernel's version, if the configuration does not tell it."),
    click.option("--arch", help="The architecture, as Alpine names it."),
]


def _asked(command: click.decorators.FC) -> click.decorators.FC:
    for option in reversed(_ASKED):
        command = option(command)
    return command


@kernel.command(epilog="Example: pmport kernel check config-6.12 --category community")
@click.argument("config", type=CONFIG)
@_asked
@click.option("--ready", is_flag=True, help="Tell which category of postmarketOS the kernel could enter.")
@click.option("--board", default="", help="With --ready: the first compatible string of the phone's mainline tree.")
@click.option("--compat", is_flag=True, help="Judge exactly as pmbootstrap does, with its faults.")
@json_option
def check(
    config: str,
    categories: tuple[str, ...],
    rules_path: str | None,
    version: str | None,
    arch: str | None,
    *,
    ready: bool,
    board: str,
    compat: bool,
    as_json: bool,
    raw: bool,
) -> None:
    """Check CONFIG against the rules of postmarketOS.

    CONFIG is a .config, a defconfig, /proc/config.gz, or a kernel or boot image with its configuration inside.
    """
    opened, rules = open_config(config), _rules(rules_path)
    if ready:
        verdict = pmport.kernels.readiness(opened, rules, version=version, arch=arch, board=board)
        data = {
            "category": verdict.category,
            "verdict": verdict.verdict,
            "near_mainline": verdict.near_mainline,
            "evidence": verdict.evidence,
            "newer_rules": dict(verdict.newer),
            "gates": verdict.gates,
            "principles": dict(verdict.principles),
        }
        report(data, [verdict.view()], as_json=as_json, raw=raw)
        return
    findings = pmport.kernels.check(
        opened, rules, categories=_known(rules, categories), version=version, arch=arch, compat=compat
    )
    must = sum(finding.severity is Severity.ERROR for finding in findings)
    unknown = sum(finding.severity is Severity.UNKNOWN for finding in findings)
    notes = len(findings) - must - unknown
    summary = f"{opened!r}: {must} must change, {notes} have the other letter, {unknown} unknown"
    counts: dict[str, object] = {"passes": not must and not unknown, "must": must, "prefer": notes, "unknown": unknown}
    code = report(
        counts, [Text(summary)], findings=Findings((*rules.findings, *findings)), as_json=as_json, raw=raw, judges=True
    )
    _leave(code or int(bool(unknown)))


@kernel.command(epilog="Example: pmport kernel diff config.old config.new")
@click.argument("before", type=CONFIG)
@click.argument("after", type=CONFIG)
@click.option("--strict", is_flag=True, help="Show also what is not set in one and absent in the other.")
@click.option("--fragment", "as_fragment", is_flag=True, help="Print the fragment that makes BEFORE into AFTER.")
@json_option
def diff(before: str, after: str, *, strict: bool, as_fragment: bool, as_json: bool, raw: bool) -> None:
    """Show what differs between two configurations."""
    found = pmport.kernels.diff(open_config(before), open_config(after), strict=strict)
    view = Text(found.fragment().rstrip("\n")) if as_fragment else found.view()
    report(tuple(found), [view], as_json=as_json, raw=raw)


@kernel.command(epilog="Example: pmport kernel fragment config-6.12 > missing.config")
@click.argument("config", type=CONFIG, required=False)
@_asked
def fragment(
    config: str | None, categories: tuple[str, ...], rules_path: str | None, version: str | None, arch: str | None
) -> None:
    """Print the fragment that CONFIG lacks; without CONFIG, all that the rules want (--version, --arch)."""
    rules = _rules(rules_path)
    asked = _known(rules, categories)
    if config is not None:
        findings = pmport.kernels.check(open_config(config), rules, categories=asked, version=version, arch=arch)
        click.echo(pmport.kernels.fragment(findings), nl=False)
        return
    if not version or not arch:
        raise click.UsageError("without CONFIG, --version and --arch tell which rules count")
    chosen = rules.select(asked, version=version, arch=arch)
    click.echo(pmport.kernels.rules_fragment(chosen), nl=False)


@kernel.command(epilog="Example: pmport kernel merge config missing.config -o config.new")
@click.argument("base", type=CONFIG)
@click.argument("fragments", type=CONFIG, nargs=-1, required=True)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False),
    help="Where to write; - is standard output. Without it, the report only.",
)
@json_option
@writes("output")
def merge(base: str, fragments: tuple[str, ...], output: str | None, *, as_json: bool, raw: bool) -> None:
    """Put FRAGMENTS over BASE and tell what they override."""
    pieces = [open_config(path) for path in fragments]
    merged = pmport.kernels.merge(open_config(base), *pieces, names=(base, *fragments))
    if output == "-":
        sys.stdout.buffer.write(bytes(merged.config))
        return
    if output:
        written(bytes(merged.config), output)
    summary = f"{len(merged.config)} options" + (f", written to {output}" if output else "")
    report({"options": len(merged.config)}, [Text(summary)], findings=merged.findings, as_json=as_json, raw=raw)


@kernel.command(epilog="Example: pmport kernel needs sdm845-oneplus-enchilada.dtb config-6.12.config --fragment")
@click.argument("tree")
@click.argument("config", type=CONFIG)
@click.option("--tree-index", type=int, default=0, help="Which of several trees in TREE, counted from 0.")
@click.option(
    "--kernel-index",
    "--index",
    "index_name",
    default="",
    help="A kernel series such as 6.12, or a file of `kernel index`.",
)
@click.option("--fragment", "as_fragment", is_flag=True, help="Print the fragment that switches on what is lacking.")
@json_option
def needs(
    tree: str, config: str, tree_index: int, index_name: str, *, as_fragment: bool, as_json: bool, raw: bool
) -> None:
    """Tell for each part of the phone in TREE whether CONFIG has its driver, and what is lacking.

    TREE is a mainline device tree: a blob, a source, or an image that holds one.
    """
    from pmport.cli.dt import tree_of  # noqa: PLC0415 - only here
    from pmport.kernels import load_index  # noqa: PLC0415
    from pmport.kernels import needs as find  # noqa: PLC0415

    found = find(
        tree_of(tree, tree_index, "--tree-index"), open_config(config), load_index(index_name) if index_name else None
    )
    if as_fragment:
        click.echo(found.fragment(), nl=False)
        return
    result = {"index": repr(found.index), "needs": list(found), "initramfs_modules": list(found.initramfs_modules)}
    findings = Findings(found.findings())
    report(result, [found.view()], findings=findings if as_json else (), as_json=as_json, raw=raw)
    _leave(EXIT_FINDINGS if findings.worst in {Severity.ERROR, Severity.WARNING} else 0)


@kernel.command(epilog="Example: pmport kernel status boot.img --tree-index 1")
@click.argument("tree")
@click.option("--tree-index", type=int, default=0, help="Which of several trees in TREE, counted from 0.")
@click.option(
    "--kernel-index",
    "--index",
    "index_name",
    default="",
    help="A kernel series such as 6.12, or a file of `kernel index`.",
)
@json_option
def status(tree: str, tree_index: int, index_name: str, *, as_json: bool, raw: bool) -> None:
    """Tell how much of a vendor's device TREE mainline Linux describes and drives.

    The chip's own blocks are found by their address, parts on buses by their strings.
    """
    from pmport.board import block_status  # noqa: PLC0415
    from pmport.cli.dt import tree_of  # noqa: PLC0415 - only here
    from pmport.errors import FormatError  # noqa: PLC0415
    from pmport.kernels import load_index, mainline_status  # noqa: PLC0415

    vendor, used = tree_of(tree, tree_index, "--tree-index"), load_index(index_name)
    found = mainline_status(vendor, used)
    result: dict[str, object] = {"index": repr(found.index), "score": found.score, "parts": list(found.parts)}
    views = [found.view()]
    try:
        by_address = block_status(vendor, index=used)
    except FormatError as error:  # a chip that mainline does not describe: the strings are all there is
        say(str(error))
    else:
        result["blocks"] = {"chip": by_address.chip, "score": by_address.score, "list": list(by_address.blocks)}
        views.insert(0, by_address.view())
    report(result, views, as_json=as_json, raw=raw)


@kernel.command(epilog="Example: pmport kernel index ~/src/linux -o my-fork.kernel-index")
@click.argument("source", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False), help="The file to write.")
@click.option("--origin", default="", help="Where the sources come from; kept in the index.")
@click.option("--jobs", "-j", type=int, help="Processes; one for each processor otherwise.")
@json_option
@writes("output")
def index(source: Path, output: str, origin: str, jobs: int | None, *, as_json: bool, raw: bool) -> None:
    """Read the kernel SOURCE tree into an index: which driver serves which device, and which symbols it needs."""
    from pmport.kernels import build_index  # noqa: PLC0415 - only here

    data = build_index(source, origin or source.resolve().name, jobs)
    written(data, output)
    line = Text(f"{output}: {len(data)} bytes")
    report({"file": output, "size": len(data)}, [line], as_json=as_json, raw=raw)

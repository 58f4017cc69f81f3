"""``pmport port``: a first device package from a stock image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.cli.db import several_boards
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.board import Draft
    from pmport.device_db import Candidate, Device
    from pmport.findings import Finding

__all__ = ["port"]


def _with_modules(device: Device, tree: str, config: str) -> Device:
    import pmport  # noqa: PLC0415 - only where both are given
    from pmport.cli.dt import tree_of  # noqa: PLC0415
    from pmport.cli.kernel import open_config  # noqa: PLC0415

    return pmport.generate.with_early_modules(
        device, pmport.kernels.needs(tree_of(tree, option=""), open_config(config))
    )


def _board(file: str, codename: str, name: str, kernel: Path | None) -> Draft:
    """A draft of the board file, from the first tree in a file."""
    from pmport.board import draft  # noqa: PLC0415 - only where it is wanted
    from pmport.cli.dt import tree_of  # noqa: PLC0415

    return draft(tree_of(file), kernel=kernel, compatible=codename.replace("-", ",", 1), model=name)


def _write_kernel(output: Path, files: dict[str, str], codename: str) -> None:
    from pmport.file_writing import replacing  # noqa: PLC0415 - only where it is wanted

    folder = output / f"linux-{codename}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        with replacing(folder / name) as target:
            target.write(text.encode("utf-8", "surrogateescape"))


def _known(candidate: Candidate) -> Finding:
    from pmport.findings import Finding, Severity  # noqa: PLC0415 - only where there is something to say

    return Finding(
        Severity.NOTE,
        "known-phone",
        f"This may be the {candidate.name}, which has a record: {'; '.join(candidate.evidence)}",
        where=candidate.codename,
        fix=f"look at it first: pmport db show {candidate.codename}",
    )


@click.command(epilog="Example: pmport port boot.img --codename nokia-argon --name 'Nokia Argon' --year 2021 -o port")
@click.argument("file")
@click.option("--codename", required=True, help="<vendor>-<name>, in lower case.")
@click.option("--name", help="What it is sold as.")
@click.option("--manufacturer", help="Who makes it.")
@click.option("--year", type=int, help="When it came out.")
@click.option("--chassis", help="handset, tablet, watch, …")
@click.option("--arch", help="aarch64, armv7, … where the image does not tell.")
@click.option("--flash-method", help="fastboot, heimdall-bootimg, 0xffff, …")
@click.option("--maintainer", default="", help="Who looks after the package: 'Name <mail address>'.")
@click.option("--dtb", multiple=True, help="A mainline device tree, such as qcom/msm8916-nokia-argon.")
@click.option(
    "--board-tree", metavar="FILE", help="The phone's mainline device tree; with --kernel-config: its modules."
)
@click.option("--board", is_flag=True, help="Draft the board file too, with a kernel package that has it.")
@click.option(
    "--kernel",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --board: the kernel's source to learn from; pmport's own maps otherwise.",
)
@click.option("--kernel-config", metavar="FILE", help="The configuration of the port's kernel.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default=Path(), help="Folder to write device-<codename> to."
)
@click.option("--explain", is_flag=True, help="Tell for every line which fact it comes from.")
@json_option
def port(
    file: str, codename: str, output: Path, *, maintainer: str, explain: bool, as_json: bool, raw: bool, **said: Any
) -> int:
    """Draft a device record from FILE and write its device package.

    Everything that the image tells is taken from it, and nothing is invented: what it cannot tell is listed.
    """
    import pmport  # noqa: PLC0415 - only this command needs it all
    from pmport.formats.reports.deviceinfo import DeviceInfo  # noqa: PLC0415
    from pmport.formats.reports.deviceinfo_lint import lint  # noqa: PLC0415
    from pmport.unpacking import replacing  # noqa: PLC0415

    said["dtb"] = list(said["dtb"])
    board_tree, kernel_config = said.pop("board_tree"), said.pop("kernel_config")
    wanted, kernel = said.pop("board"), said.pop("kernel")
    drafted = _board(file, codename, said.get("name") or "", kernel) if wanted else None
    if drafted is not None and not said["dtb"]:
        said["dtb"] = [pmport.generate.board_name(drafted, codename)]
    with opened(file) as image:
        facts = pmport.facts.of(image)
        if not len(facts):
            raise FormatError(
                f"{file} ({image.KIND}) says nothing about a device, and no package was written",
                format=image.KIND,
                remedy="Give a stock boot image, a device tree, or a recorded fastboot getvar all",
            )
        draft = pmport.device_db.draft(facts, codename=codename, **said)
    if board_tree and kernel_config:
        draft = replace(draft, device=_with_modules(draft.device, board_tree, kernel_config))
    elif board_tree or kernel_config:
        raise click.UsageError("--board-tree and --kernel-config go together")
    package = pmport.generate.device_package(draft.device, draft.questions, maintainer=maintainer)
    folder = output / f"device-{codename}"
    folder.mkdir(parents=True, exist_ok=True)
    record = output / f"{codename}.toml"
    texts = {folder / name: text for name, text in package.items()} | {record: pmport.device_db.to_toml(draft.device)}
    for path, text in texts.items():
        with replacing(path) as target:
            target.write(text.encode("utf-8", "surrogateescape"))
    if drafted is not None:
        _write_kernel(output, pmport.generate.board_files(draft.device, drafted, maintainer=maintainer), codename)
    result = {
        "folder": str(folder),
        "files": sorted(package),
        "record": str(record),
        "questions": [
            {
                "key": q.key,
                "question": q.text,
                "needed": q.needed,
                "default": q.default,
                "proposal": q.proposal,
                "because": q.because,
            }
            for q in draft.questions
        ],
    }
    findings: Iterable[Finding] = lint(DeviceInfo.parse(package["deviceinfo"]))
    if not as_json:
        click.echo(f"{folder}: {', '.join(sorted(package))}; {codename}.toml\n")
    asked = {question.key for question in draft.needed}
    findings = [finding for finding in findings if finding.where not in asked]  # asked for already
    findings += [_known(candidate) for candidate in pmport.device_db.find(facts)[:3]]
    findings += several_boards(facts)
    views = [pmport.generate.explain(draft)] if explain else []
    return report(result, [draft.view(), *views], findings=findings, as_json=as_json, raw=raw)

"""``pmport port``: a first device package from a stock image."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.cli.db import several_boards
from pmport.cli.output import json_option, report
from pmport.cli.source import opened, text_of
from pmport.errors import FormatError, PmportError
from pmport.render import Text

if TYPE_CHECKING:
    from pmport.board import Draft as BoardDraft
    from pmport.device_db import Candidate, Device, Draft, Question
    from pmport.facts import DeviceFacts
    from pmport.findings import Finding

__all__ = ["port"]


def _with_modules(device: Device, tree: str, config: str) -> Device:
    import pmport  # noqa: PLC0415 - only where both are given
    from pmport.cli.dt import tree_of  # noqa: PLC0415
    from pmport.cli.kernel import open_config  # noqa: PLC0415

    return pmport.generate.with_early_modules(
        device, pmport.kernels.needs(tree_of(tree, option=""), open_config(config))
    )


def _board(file: str, codename: str, name: str, kernel: Path | None) -> BoardDraft:
    """A draft of the board file, from the first tree in a file."""
    from pmport.board import draft  # noqa: PLC0415 - only where it is wanted
    from pmport.cli.dt import tree_of  # noqa: PLC0415

    return draft(tree_of(file), kernel=kernel, compatible=codename.replace("-", ",", 1), model=name)


def _known(candidate: Candidate) -> Finding:
    from pmport.findings import Finding, Severity  # noqa: PLC0415 - only where there is something to say

    return Finding(
        Severity.NOTE,
        "known-phone",
        f"This may be the {candidate.name}, which has a record: {'; '.join(candidate.evidence)}",
        where=candidate.codename,
        fix=f"look at it first: pmport db show {candidate.codename}",
    )


def _asked(device: Device, open_questions: tuple[Question, ...]) -> Device:
    """Ask the person at the terminal what the image could not tell; an empty answer leaves it open."""
    from pmport import device_db  # noqa: PLC0415 - as above

    for question in open_questions:
        while True:
            answer = click.prompt(
                str(question), default=question.proposal, show_default=bool(question.proposal), err=True
            )
            try:
                device = device_db.answered(device, {question.key: answer}) if answer else device
            except PmportError as error:
                click.echo(str(error), err=True)
                continue
            break
    return device


def _of_record(path: Path) -> Draft:
    """What a record holds, and what it leaves open."""
    from pmport import device_db, facts  # noqa: PLC0415 - as above

    device = device_db.parse(text_of(path), path.name)
    return device_db.Draft(device, {}, device_db.questions(device, facts.DeviceFacts()))


def _of_image(
    file: str, codename: str, before: Path, said: dict[str, Any]
) -> tuple[Draft, DeviceFacts, BoardDraft | None]:
    """What an image tells, under what a person wrote into the record that is there."""
    from pmport import device_db, facts  # noqa: PLC0415 - as above
    from pmport.edited_files import unedited  # noqa: PLC0415

    board, kernel = said.pop("board"), said.pop("kernel")
    drafted = _board(file, codename, said.get("name") or "", kernel) if board else None
    if drafted is not None and not said["dtb"]:
        from pmport.generate import board_name  # noqa: PLC0415 - as above

        said["dtb"] = [board_name(drafted, codename)]
    with opened(file) as image:
        told = facts.of(image)
        if not len(told):
            raise FormatError(
                f"{file} ({image.KIND}) says nothing about a device, and no package was written",
                format=image.KIND,
                remedy="Give a stock boot image, a device tree, or a recorded fastboot getvar all",
            )
        draft = device_db.draft(told, codename=codename, **said)
    if not before.is_file() or unedited(before.parent, before.name, f".{codename}.sums"):
        return draft, told, drafted
    device = device_db.merged(draft.device, device_db.parse(text_of(before), before.name))
    over = device_db.merged(device, _of_said(codename, said))
    return replace(draft, device=over, questions=device_db.questions(over, told)), told, drafted


def _of_said(codename: str, said: dict[str, Any]) -> Device:
    """What was said on the command line, and nothing else."""
    from pmport import device_db, facts  # noqa: PLC0415 - as above

    return device_db.draft(facts.DeviceFacts(), codename=codename, **said).device


def _kept(names: tuple[str, ...], record: str, device: Device, output: Path) -> Iterator[Finding]:
    """A note for each file that was left as a person made it."""
    from pmport import device_db  # noqa: PLC0415 - as above
    from pmport.findings import Finding, Severity  # noqa: PLC0415

    for name in names:
        if name == record and device_db.parse(text_of(output / name), record) == device:
            continue  # the same record in another spelling, or with comments
        what = "It was edited, and would become another: it was left as it is"
        fix = "move the edit into the record, or say --force"
        yield Finding(Severity.NOTE, "kept-edited", what, where=str(output / name), fix=fix)


def _first_boot(file: str) -> Text:
    """A first command line, for what the stock image's tree tells."""
    from pmport.cli.bootcheck import first_words  # noqa: PLC0415 - only where there is an image

    with opened(file) as image:
        line = " ".join(row.word for row in first_words(image))
    return Text(f"First boot: {line}\nThe reason of each word: pmport bootcheck {file} --first-boot")


@click.command(epilog="Example: pmport port boot.img --codename nokia-argon --name 'Nokia Argon' --year 2021 -o port")
@click.argument("file", required=False)
@click.option(
    "--record",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A record that holds the answers; the package is made anew from it.",
)
@click.option("--codename", help="<vendor>-<name>, in lower case.")
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
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write device-<codename> to; else the record's, or this one.",
)
@click.option("--explain", is_flag=True, help="Tell for every line which fact it comes from.")
@click.option(
    "--ask/--no-ask",
    default=None,
    help="Ask on the terminal what the image cannot tell; by default where there is one.",
)
@click.option("--force", is_flag=True, help="Write over files that were edited, too.")
@json_option
def port(
    file: str | None, record: Path | None, codename: str | None, output: Path | None, *, maintainer: str, explain: bool,
    ask: bool | None, force: bool, as_json: bool, raw: bool, **said: Any,
) -> int:  # fmt: skip
    """Draft a device record from FILE and write its device package.

    Everything that the image tells is taken from it, and nothing is invented: what it cannot tell is asked for. Answers go
    into the record: what a person wrote there, or into a file of the package, stays when the command runs again. With
    --record, the package is made anew from the record alone.
    """
    import pmport  # noqa: PLC0415 - only this command needs it all

    said["dtb"] = list(said["dtb"])
    board_tree, kernel_config = said.pop("board_tree"), said.pop("kernel_config")
    if bool(board_tree) != bool(kernel_config):
        raise click.UsageError("--board-tree and --kernel-config go together")
    told, board = pmport.facts.DeviceFacts(), None
    if record is not None:
        if file or codename or any(said.values()):
            raise click.UsageError("--record holds all answers: write them there, and name neither FILE nor others")
        draft = _of_record(record)
        output = output or record.parent
    elif file and codename:
        output = output or Path()
        draft, told, board = _of_image(file, codename, output / f"{codename}.toml", said)
    else:
        raise click.UsageError("Name a FILE and its --codename, or a --record")
    if ask if ask is not None else sys.stdin.isatty() and sys.stdout.isatty() and not as_json:
        device = _asked(draft.device, draft.needed)
        draft = replace(draft, device=device, questions=pmport.device_db.questions(device, told))
    if board_tree:
        draft = replace(draft, device=_with_modules(draft.device, board_tree, kernel_config))
    more = pmport.generate.board_files(draft.device, board, maintainer=maintainer) if board else {}
    notes = [_first_boot(file)] if file else []
    return _write(
        draft, told, output, record, maintainer, more, notes, explain=explain, force=force, as_json=as_json, raw=raw
    )


def _write(
    draft: Draft, told: DeviceFacts, output: Path, record: Path | None, maintainer: str,
    kernel_package: dict[str, str], notes: list[Text], *,
    explain: bool, force: bool, as_json: bool, raw: bool,
) -> int:  # fmt: skip
    import pmport  # noqa: PLC0415 - as above
    from pmport.edited_files import write_unedited  # noqa: PLC0415
    from pmport.formats.reports.deviceinfo import DeviceInfo  # noqa: PLC0415
    from pmport.formats.reports.deviceinfo_lint import lint  # noqa: PLC0415

    device, name = draft.device, f"{draft.device.codename}.toml"
    folder = output / f"device-{device.codename}"
    package = pmport.generate.device_package(device, draft.questions, maintainer=maintainer)
    texts = {f"{folder.name}/{file}": text for file, text in package.items()}
    texts |= {f"linux-{device.codename}/{file}": text for file, text in kernel_package.items()}
    if record is None:
        texts[name] = pmport.device_db.to_toml(device)
    files = {path: text.encode("utf-8", "surrogateescape") for path, text in texts.items()}
    kept = write_unedited(output, files, f".{device.codename}.sums", force=force)
    result = {
        "folder": str(folder),
        "files": sorted(package),
        "record": str(record or output / name),
        "kept": list(kept),
        "questions": [dataclasses.asdict(question) | {"question": question.text} for question in draft.questions],
    }
    asked = {question.key for question in draft.needed}
    findings = [item for item in lint(DeviceInfo.parse(package["deviceinfo"])) if item.where not in asked]
    findings += _kept(kept, name, device, output)
    if record is None:
        findings += [_known(candidate) for candidate in pmport.device_db.find(told)[:3]]
        findings += several_boards(told)
    written = Text(f"{folder}: {', '.join(sorted(package))}" + (f"; {name}" if record is None else ""))
    views = [written, draft.view(), *notes, *([pmport.generate.explain(draft)] if explain else [])]
    return report(result, views, findings=findings, as_json=as_json, raw=raw)

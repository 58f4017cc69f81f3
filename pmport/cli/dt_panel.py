"""``pmport dt panel``: the display panels of a vendor's tree, and what mainline needs to drive them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pmport.cli.dt import SOURCE_SUFFIXES, tree_of
from pmport.cli.dt_board import dt
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.cli.writing import writes
from pmport.errors import FormatError

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.findings import Finding
    from pmport.panel import Fitted, KernelSeries, Panel
    from pmport.render import View

__all__ = ["dt", "panel_"]


@dataclass(frozen=True)
class _Found:
    """The panels of one tree."""

    place: str
    panels: tuple[Panel, ...]
    fitted: Fitted | None


@dt.command("panel", epilog="Example: pmport dt panel dtbo.img --panel nt36672a --driver --kernel 6.12")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--panel", "wanted", default="", metavar="NAME", help="Only panels with this in their name or node's name."
)
@click.option("--driver", "part", flag_value="driver", help="Print the kernel driver of one panel.")
@click.option("--binding", "part", flag_value="binding", help="Print its binding.")
@click.option("--node", "part", flag_value="node", help="Print its node for a board file.")
@click.option("--lk2nd", "part", flag_value="lk2nd", help="Print its entry for lk2nd's device file.")
@click.option("--kernel", default="", metavar="SERIES|DIR", help="For which kernel: 6.1 or later, or a source folder.")
@click.option("--compatible", default="", help="The panel's compatible string, where its name does not tell it.")
@click.option("--cmdline", default="", help="The running phone's /proc/cmdline, which names the fitted panel.")
@click.option(
    "-o", "--output", default="", metavar="DIR", help="Write driver, binding, node … of each panel to folders here."
)
@json_option
@writes("output")
def panel_(
    files: tuple[str, ...],
    wanted: str,
    part: str | None,
    kernel: str,
    compatible: str,
    cmdline: str,
    output: str,
    *,
    as_json: bool,
    raw: bool,
) -> int:
    """Tell the display panels of the trees in FILE, and whether mainline drives them already.

    Overlays need not be applied. Which panel is fitted the kernel's command line tells, of the tree or of --cmdline.
    """
    from pmport.panel import KernelSeries  # noqa: PLC0415 - only here
    from pmport.panel.kernel_series import NEWEST  # noqa: PLC0415

    series = KernelSeries.of(kernel) if kernel else NEWEST
    found = [_read(place, tree, wanted, cmdline) for file in files for place, tree in _trees(file)]
    if part:
        click.echo(_printed(found, part, series, compatible), nl=False)
        return 0
    if output:
        return _written(found, Path(output), series, compatible, as_json=as_json, raw=raw)
    result, views, findings = _told(found)
    return report(result, views, findings=findings, as_json=as_json, raw=raw)


def _trees(file: str) -> Iterator[tuple[str, DeviceTree]]:
    from pmport.panel import trees_in  # noqa: PLC0415 - only here

    if (
        Path(file).is_dir()
        or Path(file).suffix in SOURCE_SUFFIXES
        or ("@" in Path(file).name and not Path(file).exists())
    ):
        yield file, tree_of(file, option="")
        return
    with opened(file) as node:
        yield from ((f"{Path(file).name}{f': {path}' if path else ''}", tree) for path, tree in trees_in(node))


def _read(place: str, tree: DeviceTree, wanted: str, cmdline: str) -> _Found:
    from pmport.panel import fitted, panels  # noqa: PLC0415 - only here

    every = panels(tree)
    key = wanted.lower()
    chosen = tuple(item for item in every if key in item.name.lower() or key in item.node.rpartition("/")[2].lower())
    return _Found(place, chosen, fitted(tree, chosen, cmdline))


def _one(found: list[_Found]) -> Panel:
    """The panel that was asked for, or is fitted."""
    certain = {item.fitted.panel.name: item.fitted.panel for item in found if item.fitted is not None}
    real = {panel.name: panel for item in found for panel in item.panels if not panel.simulated}
    choice = certain or real
    if len(choice) == 1:
        return next(iter(choice.values()))
    every = sorted(real)
    names = ", ".join(every[:12]) + (f" and {len(every) - 12} more" if len(every) > 12 else "")
    raise FormatError(
        f"There are {len(every)} panels: {names}" if every else "There is no panel",
        format="panel",
        remedy="Name one with --panel" if every else "pmport dt panel FILE lists the panels of a file",
    )


def _printed(found: list[_Found], part: str, series: KernelSeries, compatible: str) -> str:
    from pmport import panel as room  # noqa: PLC0415 - only here

    one = _one(found)
    writers: dict[str, Callable[[], str]] = {
        "driver": lambda: room.driver(one, kernel=series, compatible=compatible),
        "binding": lambda: room.binding(one, compatible=compatible),
        "node": lambda: room.board_node(one, compatible=compatible),
        "lk2nd": lambda: room.lk2nd_entry(one, compatible=compatible),
    }
    return writers[part]()


def _written(
    found: list[_Found], folder: Path, series: KernelSeries, compatible: str, *, as_json: bool, raw: bool
) -> int:
    from pmport.panel import all_files, names_of  # noqa: PLC0415 - only here
    from pmport.render import Table  # noqa: PLC0415
    from pmport.unpacking import replacing  # noqa: PLC0415

    written: dict[str, tuple[str, dict[str, str]]] = {}
    findings: list[Finding] = []
    for item in found:
        for panel in item.panels:
            if panel.simulated:
                continue
            findings += panel.obstacles
            try:
                texts = all_files(panel, kernel=series, compatible=compatible, origin=item.place)
            except FormatError as error:
                findings += [] if panel.obstacles else [_refused(panel, error)]
                continue
            written.setdefault(_free(names_of(panel, compatible).file, panel.node, written), (panel.node, texts))
    for name, (_, texts) in written.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            with replacing(folder / name / file) as target:
                target.write(text.encode("utf-8", "surrogateescape"))
    table = Table(
        ("folder", "panel"), [(name, node) for name, (node, _) in written.items()], empty="no panel was written"
    )
    result = {"folder": str(folder), "panels": list(written)}
    return report(result, [table], findings=findings, as_json=as_json, raw=raw)


def _free(name: str, node: str, written: dict[str, tuple[str, dict[str, str]]]) -> str:
    """A folder's name that no other node's panel has."""
    number, free = 1, name
    while free in written and written[free][0] != node:
        number += 1
        free = f"{name}-{number}"
    return free


def _refused(panel: Panel, error: FormatError) -> Finding:
    from pmport.findings import Finding, Severity  # noqa: PLC0415 - only where one is refused

    return Finding(Severity.WARNING, "no-driver", str(error), where=panel.node)


def _told(found: list[_Found]) -> tuple[object, list[View], list[Finding]]:
    from pmport.panel import acquainted, as_json  # noqa: PLC0415 - only here
    from pmport.render import Table  # noqa: PLC0415

    rows: list[tuple[object, ...]] = []
    result: list[dict[str, object]] = []
    findings: list[Finding] = []
    for item in found:
        for panel in item.panels:
            met = acquainted(panel)
            fitted = item.fitted is not None and item.fitted.panel is panel
            timing = panel.timing
            on = panel.sequence("on")
            if not panel.simulated:
                rows.append(
                    (
                        "*" if fitted else "",
                        panel.name,
                        f"{timing.width}x{timing.height}@{timing.fps}" if timing else "",
                        panel.mode.value if panel.mode else "",
                        len(panel.lanes) or "",
                        len(on.packets) if on else "",
                        f"{met[0].driver}{'' if met[0].drives else ' (near)'}" if met else "",
                    )
                )
                findings += panel.findings
            result.append(
                {
                    "tree": item.place,
                    "fitted": item.fitted.evidence if fitted and item.fitted else None,
                    **as_json(panel),
                    "mainline": [
                        {
                            "driver": near.driver,
                            "compatibles": list(near.compatibles),
                            "drives": near.drives,
                            "why": str(near),
                        }
                        for near in met[:5]
                    ],
                }
            )
    columns = ("", "panel", "mode", "type", "lanes", "packets", "mainline")
    shown = Table(columns, rows, title="* is fitted" if any(row[0] for row in rows) else "", empty="no panel")
    return {"panels": result}, [shown], findings

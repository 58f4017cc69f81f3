"""``pmport dt apply|diff|graph|identify|pick``: what device trees mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pmport.cli.dt import INDEX, OUTPUT, tree_of
from pmport.cli.dt_compile import dt
from pmport.cli.output import json_option, report
from pmport.cli.source import opened
from pmport.cli.writing import writes, written

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree, TreeNode

__all__ = ["apply_", "diff_", "dt", "graph_", "identify_", "pick_"]


@dt.command("apply", epilog="Example: pmport dt apply base.dtb board.dtbo -o merged.dtb")
@click.argument("base")
@click.argument("overlays", nargs=-1, required=True)
@click.option("-o", "--output", default="", help="Where to write the merged tree; none is written without it.")
@click.option("--index", type=int, default=0, help="Which tree of BASE, counted from 0.")
@json_option
@writes("output")
def apply_(base: str, overlays: tuple[str, ...], output: str, index: int, *, as_json: bool, raw: bool) -> int:
    """Apply OVERLAYS to BASE, one after the other, and tell what they changed.

    dtbo.img@3 is tree 3 of a table.
    """
    from pmport.devicetree.overlays import apply  # noqa: PLC0415 - only here

    applied = apply(tree_of(base, index), *(tree_of(overlay, option="") for overlay in overlays))
    if output:
        written(bytes(applied.tree), output)
    result = {"changes": [{"path": change.path, "property": change.name} for change in applied.changes]}
    return report(
        result, [] if output == "-" else [applied.view()], findings=applied.findings, as_json=as_json, raw=raw
    )


@dt.command("diff", epilog="Example: pmport dt diff vendor.dtb board.dtb")
@click.argument("first")
@click.argument("second")
@click.option("--index", type=int, nargs=2, default=(0, 0), help="Which tree of each file, counted from 0.")
@json_option
def diff_(first: str, second: str, index: tuple[int, int], *, as_json: bool, raw: bool) -> int:
    """Tell what differs in meaning between FIRST and SECOND: not numbers of phandles, not order, not spelling."""
    from pmport.devicetree import diff  # noqa: PLC0415 - only here

    found = diff(tree_of(first, index[0]), tree_of(second, index[1]))
    return report({"differences": list(found)}, [found.view()], as_json=as_json, raw=raw)


@dt.command("graph", epilog="Example: pmport dt graph board.dtb touchscreen@38 --kind regulator")
@click.argument("file")
@click.argument("nodes", nargs=-1, metavar="[NODE]...")
@INDEX
@click.option("--of", "center", default="", metavar="NODE", help="The same as NODE.")
@click.option("--kind", multiple=True, help="regulator, clock, gpio, interrupt …; may be repeated.")
@click.option("--dot", is_flag=True, help="Write Graphviz's language.")
@OUTPUT
@json_option
@writes("output")
def graph_(
    file: str,
    nodes: tuple[str, ...],
    index: int,
    center: str,
    kind: tuple[str, ...],
    output: str,
    *,
    dot: bool,
    as_json: bool,
    raw: bool,
) -> int:
    """Tell who uses what in a tree of FILE: regulators, clocks, GPIOs, interrupts ….

    With NODE, a path, alias, label or name: only what that node and those below it use, and who uses it.
    """
    from pmport.devicetree.phandle_graph import graph  # noqa: PLC0415 - only here

    tree = tree_of(file, index)
    edges = graph(tree)
    wanted = (*nodes, *([center] if center else []))
    if wanted:
        edges = edges.around(*(node for text in wanted for node in _named(tree, text)))
    if kind:
        edges = edges.of_kind(*kind)
    if dot:
        written(edges.to_dot().encode(), output)
        return 0
    rows = [
        {"user": edge.user.path, "uses": edge.target.path, "kind": edge.kind, "as": edge.name or edge.property}
        for edge in edges
    ]
    return report({"uses": rows}, [edges.view()], as_json=as_json, raw=raw)


@dt.command("identify", epilog="Example: pmport dt identify dtbo.img")
@click.argument("file")
@json_option
def identify_(file: str, *, as_json: bool, raw: bool) -> int:
    """Tell who each tree in FILE is for, by the numbers that bootloaders choose by."""
    from pmport.formats.trees.selection import candidates  # noqa: PLC0415 - only here
    from pmport.render import Table  # noqa: PLC0415

    with opened(file) as node:
        found = list(candidates(node))
    rows = [(item.name, item.model, " | ".join(_said(ids) for ids in item.ids)) for item in found]
    result = {"trees": [{"name": item.name, "model": item.model, "ids": list(item.ids)} for item in found]}
    return report(result, [Table(("tree", "model", "ids"), rows, empty="no tree")], as_json=as_json, raw=raw)


@dt.command("pick", epilog="Example: pmport dt pick boot.img platform=321 soc_rev=0x20001 variant=8 subtype=0")
@click.argument("file")
@click.argument("ids", nargs=-1, required=True, metavar="NAME=NUMBER…")
@click.option(
    "--bootloader",
    type=click.Choice(["lk", "abl", "lk2nd", "samsung", "sprd", "amlogic", "android"]),
    default=None,
    help="Whose rules; otherwise those of the bootloader that reads such a file.",
)
@json_option
def pick_(file: str, ids: tuple[str, ...], bootloader: str | None, *, as_json: bool, raw: bool) -> int:
    """Tell which tree of FILE a bootloader takes on a phone with these IDS, and why not the others.

    The names are those that `pmport dt identify` shows; lk2nd compares bootloader=, cmdline=, device= and panel=.
    """
    from pmport.formats.trees.selection import pick  # noqa: PLC0415 - only here

    phone: dict[str, int | str] = {}
    for text in ids:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.BadParameter(f"{text!r} is not NAME=NUMBER", param_hint="IDS")
        phone[name] = _value(value)
    with opened(file) as node:
        choice = pick(node, phone, bootloader or "")
    result: dict[str, Any] = {
        "taken": choice.taken.name if choice.taken else None,
        "rejected": {item.name: item.why for item in choice.candidates if item.why},
    }
    report(result, [choice.view()], as_json=as_json, raw=raw)
    return int(choice.taken is None)


def _named(tree: DeviceTree, text: str) -> tuple[TreeNode, ...]:
    """The nodes that are meant; a name that no node has is a mistake of the command line."""
    found = tree.named(text)
    if not found:
        from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

        near = get_close_matches(text, {name for node in tree for name in (node.name, node.path)})
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise click.BadParameter(f"the tree has no node {text}.{hint}", param_hint="NODE")
    return found


def _value(text: str) -> int | str:
    try:
        return int(text, 0)
    except ValueError:
        return text


def _said(ids: Any) -> str:
    return " ".join(f"{key}={value if isinstance(value, str) else hex(value)}" for key, value in ids.items())

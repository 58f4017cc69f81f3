"""Overlays: apply them to a base, say what they change, and make one from two trees.

An overlay is a tree whose fragments name a node of the base and hold what is merged into it. What it wants of the base
it names by label; the base must have been built with its labels (``dtc -@``). The layout and the order of the steps are
those of libfdt and of the kernel (``Documentation/devicetree/overlay-notes.rst``).

Example:
    >>> from pmport.devicetree import parse_source
    >>> base = parse_source('/ { uart2: serial@0 { status = "disabled"; }; };', symbols=True)
    >>> overlay = parse_source('/plugin/; &uart2 { status = "okay"; };')
    >>> applied = apply(base, overlay)
    >>> applied.tree["/serial@0"]["status"].string, str(applied.changes[0])
    ('okay', 'set /serial@0/status')
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pmport.devicetree.tree_node import NO_PHANDLES, TreeNode
from pmport.errors import FormatError
from pmport.findings import Finding, Severity
from pmport.render import Renders, Stack, Table, View

if TYPE_CHECKING:
    from pmport.devicetree.tree import DeviceTree

__all__ = ["Applied", "Change", "apply", "apply_overlay", "fragments"]

FORMAT = "device tree overlay"
PHANDLES = ("phandle", "linux,phandle")
HIGHEST = 0xFFFFFFFE


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an overlay did.

    Args:
        kind: ``set``, ``replaced`` or ``node``.
        path: The node's path.
        name: The property; "" for a node that is new.
        before: The value that was replaced.
        after: The new value.
        overlay: Which overlay, counted from 0.
    """

    kind: str
    path: str
    name: str = ""
    before: bytes | None = None
    after: bytes = b""
    overlay: int = 0

    def __str__(self) -> str:
        return f"{'set' if self.name else 'added'} {self.path.rstrip('/')}{'/' if self.name else ''}{self.name}"


@dataclass(frozen=True)
class Applied(Renders):
    """A base with overlays.

    Args:
        tree: The new tree; the base is as it was.
        changes: What was changed, in order.
        findings: What is worth knowing.
    """

    tree: DeviceTree
    changes: tuple[Change, ...]
    findings: tuple[Finding, ...] = ()

    def view(self) -> View:
        """What was changed, and what is worth knowing.

        Returns:
            Two tables.
        """
        from pmport.devicetree.value_forms import shown  # noqa: PLC0415 - only to be shown

        rows = [
            (
                change.path,
                change.name or "(new node)",
                "" if change.before is None else shown(change.name, change.before),
                shown(change.name, change.after) if change.name else "",
            )
            for change in self.changes
        ]
        table = Table(("node", "property", "before", "after"), rows, title="changes", empty="nothing was changed")
        notes = Table(("note", "where"), [(item.message, item.where) for item in self.findings])
        return Stack([table, notes] if self.findings else [table])


def apply(base: DeviceTree, *overlays: DeviceTree, overwrite_phandles: bool = False) -> Applied:
    """Apply overlays, one after the other.

    Args:
        base: The base; it is not changed.
        overlays: The overlays; they are not changed.
        overwrite_phandles: Where both sides give a node a phandle, take the overlay's, as libfdt does up to 1.7.0, and
            with it many bootloaders; what refers to the node in the base dangles then.

    Returns:
        The new tree, and what was changed.

    Raises:
        FormatError: If one is malformed, or wants labels that the base has not; all of them are named.
    """
    tree = base.copy()
    changes: list[Change] = []
    findings: list[Finding] = []
    for number, overlay in enumerate(overlays):
        one = _Application(tree, overlay.copy(), number, overwrite_phandles)
        one.run()
        changes += one.changes
        findings += dict.fromkeys(one.findings)
    return Applied(tree, tuple(changes), tuple(findings))


apply_overlay = apply
"""As the room names it: ``pmport.devicetree.apply_overlay``."""


@dataclass
class _Application:
    """One overlay onto one tree, which is changed."""

    tree: DeviceTree
    overlay: DeviceTree
    number: int
    overwrite_phandles: bool
    changes: list[Change] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    local: dict[tuple[TreeNode, str], tuple[int, ...]] = field(default_factory=dict)
    places: list[tuple[TreeNode, str, int]] = field(default_factory=list)
    redirected: dict[int, int] = field(default_factory=dict)
    targets: dict[str, TreeNode] = field(default_factory=dict)
    added: set[TreeNode] = field(default_factory=set)
    by_unit_name: dict[TreeNode, dict[str, list[TreeNode]]] = field(default_factory=dict)

    def run(self) -> None:
        fragments = [node for node in self.overlay.root.children.values() if "__overlay__" in node.children]
        if not fragments:
            message = f"overlay {self.number} has no fragment with __overlay__, and changes nothing"
            self.findings.append(Finding(Severity.WARNING, "no-fragment", message, fix="is it a base tree?"))
        self._shift(max((number for number in self.tree.phandles if number not in NO_PHANDLES), default=0))
        self._resolve_labels()
        for fragment in fragments:
            target = self._target(fragment)
            self.targets[fragment.name] = target
            self._merge(fragment.children["__overlay__"], target)
        self._redirect()
        self._merge_symbols()
        self.tree.root.changed()

    # phandles of the overlay move behind those of the base

    def _shift(self, delta: int) -> None:
        for node in self.overlay.root.walk():
            for name in PHANDLES:
                value = node.raw.get(name)
                if value is not None:
                    if len(value) != 4:
                        raise self._broken(f"{node.path}/{name} is not one cell")
                    node.raw[name] = self._moved(int.from_bytes(value, "big"), delta, node.path)
        holder = self.overlay.root.children.get("__local_fixups__")
        for fixups in holder.walk() if holder is not None else ():
            path = fixups.path.removeprefix("/__local_fixups__") or "/"
            user = self.overlay.root.find(path)
            if user is None:
                raise self._broken(f"__local_fixups__ names {path}, which is not there")
            for name, offsets in fixups.properties.items():
                self._shift_references(user, name, offsets.cells, delta)

    def _shift_references(self, node: TreeNode, name: str, offsets: tuple[int, ...], delta: int) -> None:
        value = bytearray(self._value(node, name, "__local_fixups__"))
        for offset in offsets:
            if offset + 4 > len(value):
                raise self._broken(
                    f"__local_fixups__ names byte {offset} of {node.path}/{name}, which has {len(value)}"
                )
            number = int.from_bytes(value[offset : offset + 4], "big")
            value[offset : offset + 4] = self._moved(number, delta, node.path)
        node.raw[name] = bytes(value)
        self.local[node, name] = offsets

    def _moved(self, number: int, delta: int, where: str) -> bytes:
        if number + delta > HIGHEST:
            raise self._broken(f"the phandle {number:#x} of {where} does not fit behind those of the base")
        return (number + delta).to_bytes(4, "big")

    def _value(self, node: TreeNode, name: str, who: str) -> bytes:
        value = node.raw.get(name)
        if value is None:
            raise self._broken(f"{who} names {node.path}/{name}, which is not there")
        return value

    # what it wants of the base

    def _resolve_labels(self) -> None:
        holder = self.overlay.root.children.get("__fixups__")
        if holder is None:
            return
        symbols = self.tree.root.children.get("__symbols__")
        missing = [label for label in holder.raw if self._labelled(label) is None]
        if missing:
            known = (
                "it has no __symbols__: build it with dtc -@" if symbols is None else "they are not in its __symbols__"
            )
            raise FormatError(
                f"The base lacks the label{'s' * (len(missing) > 1)} {', '.join(missing)}",
                format=FORMAT,
                field="__fixups__",
                remedy=f"{known}; or it is the overlay of another phone",
            )
        for label, places in holder.properties.items():
            node = self._labelled(label)
            if node is not None:
                number = self.tree.phandle_of(node).to_bytes(4, "big")
                for place in places.strings:
                    self._put(place, number, label)

    def _labelled(self, label: str) -> TreeNode | None:
        symbols = self.tree.root.children.get("__symbols__")
        return self._find(next(iter(symbols.strings(label)), "")) if symbols is not None else None

    def _find(self, path: str) -> TreeNode | None:
        """The node of the base at a path, as libfdt finds it."""
        node: TreeNode | None = self.tree.root if path.startswith("/") else None
        for name in filter(None, path.split("/")):
            node = self._twin(node, name) if node is not None else None
        return node

    def _put(self, place: str, number: bytes, label: str) -> None:
        path, _, rest = place.rpartition(":")
        path, _, name = path.rpartition(":")
        node = self.overlay.root.find(path) if path.startswith("/") else None
        if node is None or not rest.isdigit():
            raise self._broken(f"__fixups__ of {label} names {place!r}, which is no place in it")
        value, offset = self._value(node, name, "__fixups__"), int(rest)
        if offset + 4 > len(value):
            raise self._broken(f"__fixups__ of {label} names byte {offset} of {path}/{name}, which has {len(value)}")
        node.raw[name] = value[:offset] + number + value[offset + 4 :]

    def _target(self, fragment: TreeNode) -> TreeNode:
        found: TreeNode | None = None
        said = ""
        if "target" in fragment:
            number = fragment["target"].cell
            found, said = self.tree.by_phandle(number), f"the phandle {number:#x}"
        elif "target-path" in fragment:
            said = fragment["target-path"].string
            found = self._find(said)
        if found is None:
            raise self._broken(f"{fragment.path} has the target {said or 'nothing'}, which the base has not")
        return found

    # merging

    def _merge(self, source: TreeNode, target: TreeNode) -> None:
        pairs = [(source, target)]
        while pairs:
            ours, theirs = pairs.pop()
            self._merge_properties(ours, theirs)
            for name, child in ours.children.items():
                twin = self._twin(theirs, name)
                if twin is None:
                    twin = theirs.add(name)
                    self.added.add(twin)
                    self.by_unit_name.get(theirs, {}).setdefault(twin.unit_name, []).append(twin)
                    self.changes.append(Change("node", twin.path, overlay=self.number))
                pairs.append((child, twin))

    def _twin(self, parent: TreeNode, name: str) -> TreeNode | None:
        """The child that libfdt takes for one of that name.

        A name without a unit address fits every unit address, and what was added last stands first: bootloaders, which
        use libfdt, merge ``eint`` into ``eint@0``. The kernel compares whole names.
        """
        if "@" in name:
            return parent.children.get(name)
        if parent not in self.by_unit_name:
            units: dict[str, list[TreeNode]] = {}
            for child in parent.children.values():
                units.setdefault(child.unit_name, []).append(child)
            self.by_unit_name[parent] = units
        fitting = self.by_unit_name[parent].get(name, [])
        found = next((child for child in reversed(fitting) if child in self.added), next(iter(fitting), None))
        if found is not None and found.name != name:
            message = f"a bootloader takes {name} for this node, the kernel would not"
            self.findings.append(Finding(Severity.NOTE, "inexact-name", message, where=found.path))
        return found

    def _merge_properties(self, ours: TreeNode, theirs: TreeNode) -> None:
        path = theirs.path
        for name, value in ours.raw.items():
            before = theirs.raw.get(name)
            if name in PHANDLES and before is not None and not self.overwrite_phandles:
                self._keep_phandle(before, value, path)
                continue
            theirs.raw[name] = value
            self.places += [(theirs, name, offset) for offset in self.local.get((ours, name), ())]
            if name in PHANDLES:
                self.tree.root.changed()
            elif before != value:
                kind = "set" if before is None else "replaced"
                self.changes.append(Change(kind, path, name, before, value, self.number))

    def _keep_phandle(self, before: bytes, value: bytes, path: str) -> None:
        """Both sides number the node: the base's number stays, because the base refers to it."""
        if before != value:
            self.redirected[int.from_bytes(value, "big")] = int.from_bytes(before, "big")
            self.findings.append(
                Finding(
                    Severity.NOTE,
                    "phandle-kept",
                    "base and overlay both give it a phandle; the base's is kept, the overlay's references follow",
                    where=path,
                )
            )

    def _redirect(self) -> None:
        for node, name, offset in self.places:
            value = node.raw[name]
            number = int.from_bytes(value[offset : offset + 4], "big")
            if number in self.redirected:
                node.raw[name] = value[:offset] + self.redirected[number].to_bytes(4, "big") + value[offset + 4 :]

    def _merge_symbols(self) -> None:
        own = self.overlay.root.children.get("__symbols__")
        if own is None:
            return
        holder = self.tree.root.children.get("__symbols__") or self.tree.root.add("__symbols__")
        for label, path in own.properties.items():
            parts = path.string.split("/", 3)
            if len(parts) < 3 or parts[2] != "__overlay__" or parts[1] not in self.targets:
                continue  # a label of something that is not merged
            below = f"/{parts[3]}" if len(parts) > 3 else ""
            holder[label] = self.targets[parts[1]].path.rstrip("/") + below or "/"

    @staticmethod
    def _broken(what: str) -> FormatError:
        return FormatError(what, format=FORMAT, remedy="It is damaged, or was made for another tool")


def fragments(overlay: DeviceTree) -> Iterator[tuple[str, TreeNode]]:
    """What an overlay extends.

    Args:
        overlay: The overlay.

    Yields:
        ``(target, what is merged into it)``; the target is ``&label``, a path, or a phandle's number.
    """
    labels = {
        place.partition(":")[0]: f"&{label}"
        for label, places in _fixups(overlay)
        for place in places
        if place.split(":")[1:2] == ["target"]
    }
    for node in overlay.root.children.values():
        if "__overlay__" in node.children:
            path = next(iter(node.strings("target-path")), "")
            number = node.cells("target")
            yield labels.get(node.path) or path or (f"{number[0]:#x}" if number else ""), node.children["__overlay__"]


def _fixups(overlay: DeviceTree) -> Iterator[tuple[str, tuple[str, ...]]]:
    holder = overlay.root.children.get("__fixups__")
    for label in holder.raw if holder is not None else ():
        yield label, holder.strings(label) if holder is not None else ()

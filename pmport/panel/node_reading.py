"""Reading one panel's node: values, where they stand, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.panel.packets import Layout, read_packets
from pmport.panel.panel_value import Panel, Pin, Sequence, Timing, trouble

if TYPE_CHECKING:
    from pmport.devicetree import TreeNode

__all__ = ["LARGEST", "NodeReading", "display_timing"]

LARGEST = 0x7FFF
"""Pixels and lines that ``struct drm_display_mode`` has room for with all porches, which are 16 bits wide."""


@dataclass
class NodeReading:
    """What was read of a panel so far.

    Args:
        node: The panel's node.
        others: Nodes that say more of the same panel: fragments over it, the display that names it.
    """

    node: TreeNode
    others: tuple[TreeNode, ...] = ()
    sources: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def holder(self, name: str, within: TreeNode | None = None) -> TreeNode | None:
        """The node that has a property.

        Args:
            name: The property.
            within: A node to look at first.

        Returns:
            The node; None where none has it.
        """
        for node in (within, self.node, *self.others):
            if node is not None and name in node.raw:
                return node
        return None

    def number(self, name: str, label: str = "", within: TreeNode | None = None) -> int | None:
        """The first cell of a property.

        Args:
            name: The property.
            label: The panel's field that it is the source of.
            within: A node to look at first.

        Returns:
            The number; None where the property is absent, or too short for a cell.
        """
        node = self.holder(name, within)
        if node is None:
            return None
        value = node.raw[name]
        if len(value) < 4:
            if value:
                self.note("short-property", f"{name} has {len(value)} bytes, and a cell has 4", node, name)
            return None
        if label:
            self.sources[label] = f"{node.path}/{name}"
        return int.from_bytes(value[:4], "big")

    def text(self, name: str, label: str = "") -> str:
        """The first string of a property.

        Args:
            name: The property.
            label: The panel's field that it is the source of.

        Returns:
            The string; empty where there is none.
        """
        node = self.holder(name)
        text = next(iter(node.strings(name)), "") if node is not None else ""
        if text and label and node is not None:
            self.sources[label] = f"{node.path}/{name}"
        return text

    def cells(self, name: str, label: str = "") -> tuple[int, ...]:
        """The cells of a property.

        Args:
            name: The property.
            label: The panel's field that it is the source of.

        Returns:
            The cells; none where the property is absent or no array of cells.
        """
        node = self.holder(name)
        if node is None:
            return ()
        if label:
            self.sources[label] = f"{node.path}/{name}"
        cells = node.cells(name)
        if not cells and node.raw[name]:
            self.note("short-property", f"{name} has {len(node.raw[name])} bytes: no array of cells", node, name)
        return cells

    def has(self, name: str) -> bool:
        """Whether a property is there, be it empty.

        Args:
            name: The property.

        Returns:
            True if it is.
        """
        return self.holder(name) is not None

    def note(self, code: str, message: str, node: TreeNode | None = None, name: str = "") -> None:
        """Remember a trouble that leaves the panel usable.

        Args:
            code: Its kind.
            message: What is the matter.
            node: Where; None: the panel's node.
            name: The property.
        """
        self._say(Severity.WARNING, code, message, node, name)

    def fail(self, code: str, message: str, node: TreeNode | None = None, name: str = "") -> None:
        """Remember a trouble that keeps a driver from being written.

        Args:
            code: Its kind.
            message: What is the matter.
            node: Where; None: the panel's node.
            name: The property.
        """
        self._say(Severity.ERROR, code, message, node, name)

    def _say(self, severity: Severity, code: str, message: str, node: TreeNode | None, name: str) -> None:
        path = (node or self.node).path
        self.findings.append(trouble(severity, code, message, f"{path}/{name}" if name else path))

    def sequence(
        self, node: TreeNode, name: str, *layouts: Layout, low_power: bool | None = None, role: str = ""
    ) -> Sequence | None:
        """The packets of a property.

        Args:
            node: The node that has it.
            name: The property.
            layouts: The layouts that it may have.
            low_power: Whether it is sent in low-power mode.
            role: What it is for, where it is ``on`` or ``off``: a list that is cut short is an obstacle then.

        Returns:
            The packets; None where there are none.
        """
        found = read_packets(node.raw[name], *layouts)
        if found.trouble:
            say = self.fail if role in {"on", "off"} else self.note
            say("broken-packets", f"{name}: {found.trouble}; {len(found.packets)} packets stand before", node, name)
        if not found.packets:
            return None
        return Sequence(found.packets, low_power, f"{node.path}/{name}")

    def usable(self, found: Iterable[tuple[TreeNode, Timing]], label: str = "timings") -> tuple[Timing, ...]:
        """The timings that a panel can have; a finding for each of the others.

        Args:
            found: Timings and their nodes.
            label: The panel's field that they are.

        Returns:
            Those that are whole. Where none is, that is an obstacle.
        """
        whole, troubles = [], []
        for node, timing in found:
            message = _unfit(timing)
            if message:
                troubles.append((message, node))
                continue
            whole.append(timing)
            self.sources.setdefault(label, node.path)
        for message, node in troubles:
            (self.note if whole else self.fail)("timing", message, node)
        if not whole and not troubles:
            self.fail("no-timing", "The node has no timing")
        return tuple(whole)

    def pins(self, wanted: Iterable[tuple[str, str]]) -> tuple[Pin, ...]:
        """The panel's GPIOs.

        Args:
            wanted: What each is for, and the property.

        Returns:
            The first GPIO of each property that is there.
        """
        found: dict[str, Pin] = {}
        for use, name in wanted:
            node = self.holder(name)
            cells = node.cells(name) if node is not None else ()
            if node is None or not cells or use in found:
                continue
            target = self.node.phandles.get(cells[0])
            arguments = cells[1:3]
            found[use] = Pin(
                use,
                target.path if target is not None else "",
                arguments[0] if arguments else 0,
                arguments[1] if len(arguments) > 1 else 0,
                f"{node.path}/{name}",
            )
        return tuple(found.values())

    def panel(self, name: str, reader: str, **fields: object) -> Panel:
        """The panel, with what was found on the way.

        Args:
            name: What the vendor calls it.
            reader: Whose notation it is.
            fields: The other fields of :class:`~pmport.panel.panel_value.Panel`.

        Returns:
            The panel.
        """
        return Panel(
            name=name,
            node=self.node.path,
            reader=reader,
            sources=MappingProxyType(self.sources),
            findings=Findings(self.findings),
            **fields,  # type: ignore[arg-type]  # each reader names fields of Panel
        )


_TIMING = ("hactive", "vactive", "hfront-porch", "hsync-len", "hback-porch", "vfront-porch", "vsync-len", "vback-porch")


def display_timing(
    reading: NodeReading, *, fps: int, hertz: int, sequences: Mapping[str, Sequence]
) -> tuple[Timing, ...]:
    """The modes of ``display-timings`` below a panel (Linux's ``display-timing.yaml``), or of one single timing.

    Args:
        reading: The panel's reading.
        fps: Frames per second, where the panel's node says it; 0: they follow from the clock.
        hertz: How many hertz one step of ``clock-frequency`` is.
        sequences: What is sent in each mode.

    Returns:
        The modes, the native one first.
    """
    found = []
    for node in reading.node.walk():
        if "hactive" not in node.raw:
            continue
        numbers = [reading.number(name, within=node) or 0 for name in _TIMING]
        width, height, *porches = numbers
        clock = (reading.number("clock-frequency", within=node) or 0) * hertz
        total = (width + sum(porches[:3])) * (height + sum(porches[3:]))
        rate = fps or (round(clock / total) if total and clock else 0)
        timing = Timing.of(
            (width, height), porches, fps=rate, clock_khz=clock // 1000, name=node.name, sequences=sequences
        )
        found.append((node, timing))
    native = next((cells[0] for node in reading.node.walk() if (cells := node.cells("native-mode"))), None)
    found.sort(key=lambda item: native is None or item[0].phandle != native)
    return reading.usable(found)


def _unfit(timing: Timing) -> str:
    """Why no panel can have a timing."""
    zero = [name for name in ("width", "height", "fps") if getattr(timing, name) <= 0]
    if zero:
        return f"The timing lacks {', '.join(zero)}, or it is 0"
    numbers = (timing.width, timing.height, *timing.porches)
    if max(timing.h_total, timing.v_total) > LARGEST or timing.fps > 1000:
        return f"Linux's modes have no room for {numbers} at {timing.fps} Hz"
    return ""


_NOT_REAL = re.compile(r"\bsim\b|simulator|_sim(?:_|$)|_dual_sim|-sim-|dummy|external bridge", re.IGNORECASE)


def simulated(*names: str) -> bool:
    """Whether a panel is a stand-in: Qualcomm's trees all hold some for simulators.

    Args:
        names: The panel's and its node's name.

    Returns:
        True if a name says so.
    """
    return any(_NOT_REAL.search(name) for name in names)

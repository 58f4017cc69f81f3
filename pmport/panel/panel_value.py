"""A display panel as a value: what a vendor's tree says of it, each field with its source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.render import Renders, Stack, Table

if TYPE_CHECKING:
    from pmport.panel.packets import Packet

__all__ = ["Backlight", "Dsc", "Mode", "Panel", "Pin", "Sequence", "Supply", "Timing"]


class Mode(StrEnum):
    """How pixels get to the panel."""

    COMMAND = "command"
    """Into its own memory."""
    SYNC_PULSE = "video, sync pulse"
    SYNC_EVENT = "video, sync event"
    BURST = "video, burst"

    @property
    def video(self) -> bool:
        """Whether pixels are sent line by line, in time with the panel."""
        return self is not Mode.COMMAND


@dataclass(frozen=True, slots=True)
class Sequence:
    """Packets that are sent together.

    Args:
        packets: The packets.
        low_power: Whether they are sent in low-power mode; None where the tree does not say.
        source: The property that holds them.
    """

    packets: tuple[Packet, ...]
    low_power: bool | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Dsc:
    """How the stream is compressed (VESA DSC).

    Args:
        version: Major and minor version.
        slice_width: In pixels.
        slice_height: In lines.
        bits_per_component: Before compression.
        bits_per_pixel: After compression.
        block_prediction: Whether it is used.
        slices_per_packet: Slices in one packet, where the tree says so.
        pps: The picture parameter set, where the tree holds it as bytes.
    """

    version: tuple[int, int]
    slice_width: int
    slice_height: int
    bits_per_component: int
    bits_per_pixel: int
    block_prediction: bool = False
    slices_per_packet: int = 1
    pps: bytes = b""


@dataclass(frozen=True)
class Timing:
    """One mode of a panel. Porches and pulses count in pixels and lines.

    Args:
        width: Visible pixels of a line.
        height: Visible lines.
        h_front: Horizontal front porch.
        h_sync: Horizontal pulse.
        h_back: Horizontal back porch.
        v_front: Vertical front porch.
        v_sync: Vertical pulse.
        v_back: Vertical back porch.
        fps: Frames per second.
        clock_khz: Pixel clock, where the tree states it; 0: it follows from the rest.
        name: The name of its node.
        dsc: Compression in this mode.
        sequences: What is sent in this mode alone: role or property → packets.
    """

    width: int
    height: int
    h_front: int
    h_sync: int
    h_back: int
    v_front: int
    v_sync: int
    v_back: int
    fps: int
    clock_khz: int = 0
    name: str = ""
    dsc: Dsc | None = None
    sequences: Mapping[str, Sequence] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(
        cls,
        size: Iterable[int],
        porches: Iterable[int],
        *,
        fps: int,
        clock_khz: int = 0,
        name: str = "",
        dsc: Dsc | None = None,
        sequences: Mapping[str, Sequence] | None = None,
    ) -> Timing:
        """A timing of lists of numbers.

        Args:
            size: Width and height.
            porches: Horizontal front porch, pulse, back porch; the same vertically.
            fps: Frames per second.
            clock_khz: Pixel clock, where it is stated.
            name: The name of its node.
            dsc: Compression.
            sequences: What is sent in this mode.

        Returns:
            The timing; numbers that are missing are 0.
        """
        width, height, h_front, h_sync, h_back, v_front, v_sync, v_back = (
            *(*size, 0, 0)[:2],
            *(*porches, 0, 0, 0, 0, 0, 0)[:6],
        )
        said = MappingProxyType({}) if sequences is None else sequences
        return cls(width, height, h_front, h_sync, h_back, v_front, v_sync, v_back, fps, clock_khz, name, dsc, said)

    @property
    def h_total(self) -> int:
        """Pixels of a line with all porches."""
        return self.width + self.h_front + self.h_sync + self.h_back

    @property
    def v_total(self) -> int:
        """Lines of a frame with all porches."""
        return self.height + self.v_front + self.v_sync + self.v_back

    @property
    def pixel_clock_khz(self) -> int:
        """The stated pixel clock, else what size, porches and rate need, in kHz."""
        return self.clock_khz or self.h_total * self.v_total * self.fps // 1000

    @property
    def porches(self) -> tuple[int, int, int, int, int, int]:
        """Horizontal front, pulse, back; vertical front, pulse, back."""
        return (self.h_front, self.h_sync, self.h_back, self.v_front, self.v_sync, self.v_back)


@dataclass(frozen=True, slots=True)
class Backlight:
    """What makes the light.

    Args:
        kind: ``dcs``, ``wled``, ``pwm``, ``external`` … as the tree names it, in lower case.
        maximum: The highest level; 0 where the tree does not say.
        minimum: The lowest level that is used.
        big_endian: Whether a level of two bytes goes out with its high byte first.
    """

    kind: str
    maximum: int = 0
    minimum: int = 0
    big_endian: bool = False


@dataclass(frozen=True, slots=True)
class Supply:
    """A supply of the panel.

    Args:
        name: As the tree names it.
        minimum_uv: Lowest voltage, µV; 0 where the tree does not say.
        maximum_uv: Highest voltage, µV.
        load_ua: Load while in use, µA.
    """

    name: str
    minimum_uv: int = 0
    maximum_uv: int = 0
    load_ua: int = 0


@dataclass(frozen=True, slots=True)
class Pin:
    """A GPIO of the panel.

    Args:
        use: ``reset``, ``te``, ``enable`` …
        controller: Path of the controller in the vendor's tree; empty where the tree alone does not resolve it.
        number: The pin.
        flags: The vendor's flags.
        source: The property.
    """

    use: str
    controller: str
    number: int
    flags: int
    source: str


@dataclass(frozen=True)
class Panel(Renders):
    """A panel as a vendor's tree describes it.

    Args:
        name: What the vendor calls it.
        node: Path of its node.
        reader: Whose notation it was read from: ``qualcomm``, ``unisoc`` …
        timings: Its modes, the preferred one first.
        mode: Video or command.
        lanes: Data lanes in use, as the tree counts them from 0.
        lane_order: Physical order of the lanes where it is not 0, 1, 2, 3.
        colour: ``RGB888``, ``RGB666``, ``RGB666_PACKED``, ``RGB565`` or ``RGB101010``; empty where it is not known.
        size_mm: Width and height, mm; zeros where the tree does not say.
        flags: Linux's ``MIPI_DSI_…`` flags that the tree asks for, without the mode's own.
        sequences: Role (``on``, ``off``) or property → packets.
        reset: Steps of the reset line: level, milliseconds after it.
        backlight: What makes the light.
        supplies: Its supplies.
        pins: Its GPIOs.
        dual: Whether it hangs on two DSI links.
        simulated: Whether it is a stand-in for a simulator or a test, not a panel of glass.
        sources: Field → where the tree says so.
        findings: What could not be read, and why.
    """

    name: str
    node: str
    reader: str
    timings: tuple[Timing, ...] = ()
    mode: Mode | None = None
    lanes: tuple[int, ...] = ()
    lane_order: tuple[int, ...] = ()
    colour: str = ""
    size_mm: tuple[int, int] = (0, 0)
    flags: frozenset[str] = frozenset()
    sequences: Mapping[str, Sequence] = field(default_factory=lambda: MappingProxyType({}))
    reset: tuple[tuple[int, int], ...] = ()
    backlight: Backlight | None = None
    supplies: tuple[Supply, ...] = ()
    pins: tuple[Pin, ...] = ()
    dual: bool = False
    simulated: bool = False
    sources: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    findings: Findings = field(default_factory=Findings)

    @property
    def timing(self) -> Timing | None:
        """The preferred mode; None where none could be read."""
        return self.timings[0] if self.timings else None

    @property
    def dsc(self) -> Dsc | None:
        """Compression in the preferred mode."""
        return self.timings[0].dsc if self.timings else None

    def sequence(self, role: str) -> Sequence | None:
        """What is sent for a purpose, in the preferred mode.

        Args:
            role: ``on``, ``off``, or a property's name.

        Returns:
            The packets; None where the tree has none.
        """
        own = self.timings[0].sequences.get(role) if self.timings else None
        return own or self.sequences.get(role)

    @property
    def obstacles(self) -> Findings:
        """Why no driver can be written; none where one can."""
        return Findings(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def slug(self) -> str:
        """Its name as file names and compatible strings write it, from the node's name.

        Example:
            >>> Panel("x", "/soc/qcom,mdss_dsi_ebbg_fhd_ft8719_video", "qualcomm").slug
            'ebbg-fhd-ft8719'
        """
        text = self.node.rpartition("/")[2].partition("@")[0].lower()
        if text in {"", "__overlay__", "panel"} or self.reader not in {"qualcomm", "unisoc", "samsung"}:
            text = self.name.lower()
        text = re.sub(r"^(?:\w+,)?(?:mdss_)?(?:ss_)?(?:dsi_)?(?:panel_)?|^lcd_|^gen-panel-", "", text)
        text = re.sub(r"[^a-z0-9]+", "-", text).strip("-")
        text = re.sub(r"-(?:(?:cmd|video|mipi|dsi|drv|vdo)(?:-mode)?)+$", "", text)
        return text[:48].strip("-") or "panel"

    def view(self) -> Stack:
        """Its fields, its modes, its packets and findings, as tables.

        Returns:
            The tables.
        """
        rows = [(name, value) for name, value in _fields(self) if value]
        modes = [
            (f"{t.width}x{t.height}", t.fps, *t.porches, t.pixel_clock_khz, "DSC" if t.dsc else "")
            for t in self.timings
        ]
        return Stack(
            [
                Table(("field", "value"), rows, title=self.name),
                Table(("mode", "Hz", "hfp", "hsync", "hbp", "vfp", "vsync", "vbp", "kHz", ""), modes, empty="no mode"),
                self.findings.view(),
            ]
        )


def _fields(panel: Panel) -> list[tuple[str, str]]:
    sequences = {**panel.sequences, **(panel.timing.sequences if panel.timing else {})}
    light = panel.backlight
    return [
        ("node", panel.node),
        ("mode", panel.mode.value if panel.mode else ""),
        ("lanes", str(len(panel.lanes) or "")),
        ("colour", panel.colour),
        ("size", "{} x {} mm".format(*panel.size_mm) if any(panel.size_mm) else ""),
        ("flags", ", ".join(sorted(panel.flags))),
        ("reset", ", ".join(f"{level} for {wait} ms" for level, wait in panel.reset)),
        ("backlight", f"{light.kind} up to {light.maximum}" if light else ""),
        ("supplies", ", ".join(supply.name for supply in panel.supplies)),
        ("links", "2" if panel.dual else ""),
        (
            "packets",
            ", ".join(f"{name}: {len(item.packets)}" for name, item in sequences.items() if name in {"on", "off"}),
        ),
    ]


def trouble(severity: Severity, code: str, message: str, where: str, source: str = "") -> Finding:
    """A finding of a reader.

    Args:
        severity: How bad it is; an error keeps a driver from being written.
        code: Its kind.
        message: What is the matter.
        where: The node and property.
        source: Where the rule comes from.

    Returns:
        The finding.
    """
    return Finding(severity, code, message, where=where, source=source)

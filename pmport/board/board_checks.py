"""Is a drafted board file right in itself? Pins used twice, rails outside their range, regions that overlap, sizes."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from pmport.devicetree.checks import Levels
from pmport.devicetree.dts_link import Extras
from pmport.devicetree.source import compile_source
from pmport.errors import FormatError
from pmport.findings import Finding, Findings, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pmport.board.board_file import BoardFile, Part
    from pmport.board.chip_map import ChipMap

__all__ = ["check_board", "compile_board"]

PIN = re.compile(r"&(\w+) (\d+) (?:GPIO_|IRQ_|\()")
NUMBER = re.compile(r"0x[0-9a-fA-F]+|\b\d+\b")
BYTES = {"a8r8g8b8": 4, "x8r8g8b8": 4, "r8g8b8": 3, "r5g6b5": 2}


def check_board(board: BoardFile, chip: ChipMap) -> Findings:
    """Check a draft in itself, without a kernel's source.

    Args:
        board: The draft.
        chip: What mainline knows of its chip.

    Returns:
        What is wrong, or may be.
    """
    return Findings([*_pins(board), *_rails(board, chip), *_regions(board), *_framebuffer(board), *_labels(board)])


def compile_board(text: str, chip: ChipMap, kernel: Path) -> Findings:
    """Compile a draft against a kernel's source.

    Args:
        text: The board file.
        chip: What mainline knows of its chip.
        kernel: The source's folder.

    Returns:
        What the compiler says of the board's own lines.
    """
    dts = kernel / chip.folder
    folders = [dts, dts.parent, kernel / "include", kernel / "scripts" / "dtc" / "include-prefixes"]
    try:
        done = compile_source(
            text, name="board.dts", include=folders, extras=Extras(symbols=True), levels=Levels(), force=True
        )
    except FormatError as error:
        return Findings([Finding(Severity.ERROR, "does-not-compile", str(error))])
    return Findings(
        finding for finding in done.findings if finding.severity is Severity.ERROR or "board.dts" in finding.where
    )


def _pins(board: BoardFile) -> Iterator[Finding]:
    """A GPIO that two parts use; an interrupt of the same part does not count."""
    users: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for part in board.parts:
        for name, statement in part.statements.items():
            for pin in PIN.findall(statement.value):
                users[pin].setdefault(part.name, name)
    for (controller, number), parts in users.items():
        if len(parts) > 1:
            names = ", ".join(f"{part} ({name})" for part, name in parts.items())
            yield Finding(
                Severity.WARNING, "pin-used-twice", f"Pin {number} of {controller} is used by {names}", controller
            )


def _rails(board: BoardFile, chip: ChipMap) -> Iterator[Finding]:
    for part in board.parts:
        low, high = (_microvolt(part, f"regulator-{which}-microvolt") for which in ("min", "max"))
        if low and high and low > high:
            yield Finding(
                Severity.ERROR, "limits-crossed", f"{part.name}: at least {low} µV, at most {high} µV", part.name
            )
        pmic, _, output = part.key.strip("<>").partition(":")
        known = chip.outputs.get(pmic.partition(".")[0], {})
        if part.key.startswith("<") and known and output and low:
            if output not in known:
                yield Finding(
                    Severity.ERROR, "no-such-output", f"Mainline's driver of {pmic} has no output {output}", part.name
                )
            elif known[output].high and not known[output].low <= low <= high <= known[output].high:
                text = f"{part.name} of {pmic}: {low} to {high} µV; its driver can set {known[output].low} to {known[output].high} µV"
                yield Finding(Severity.WARNING, "outside-range", text, part.name)


def _microvolt(part: Part, name: str) -> int:
    statement = part.statements.get(name)
    found = NUMBER.search(statement.value) if statement is not None else None
    return int(found[0], 0) if found else 0


def _regions(board: BoardFile) -> Iterator[Finding]:
    pool = board.root.children.get("reserved-memory")
    spans = []
    for part in pool.children.values() if pool is not None else ():
        numbers = (
            [int(word, 0) for word in NUMBER.findall(part.statements["reg"].value)] if "reg" in part.statements else []
        )
        if len(numbers) in {2, 4}:
            half = len(numbers) // 2
            start, size = (_joined(numbers[:half]), _joined(numbers[half:]))
            spans.append((start, start + size, part.name))
    for (_, end, first), (start, _, second) in pairwise(sorted(spans)):
        if start < end:
            yield Finding(
                Severity.ERROR, "regions-overlap", f"{first} ends at {end:#x}, behind the beginning of {second}", second
            )


def _joined(numbers: list[int]) -> int:
    return numbers[0] << 32 | numbers[1] if len(numbers) == 2 else numbers[0]


def _framebuffer(board: BoardFile) -> Iterator[Finding]:
    chosen = board.root.children.get("chosen")
    for part in chosen.children.values() if chosen is not None else ():
        width, height = (_microvolt(part, name) for name in ("width", "height"))
        if not width or not height or "reg" not in part.statements:
            continue
        depth = BYTES.get(part.statements["format"].value.strip('"'), 4) if "format" in part.statements else 4
        numbers = [int(word, 0) for word in NUMBER.findall(part.statements["reg"].value)]
        size = _joined(numbers[len(numbers) // 2 :]) if len(numbers) in {2, 4} else 0
        if size < width * height * depth:
            text = f"The framebuffer has {size} bytes; {width} x {height} pixels of {depth} bytes need {width * height * depth}"
            yield Finding(Severity.ERROR, "framebuffer-too-small", text, part.name)


def _labels(board: BoardFile) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for part in board.parts:
        if part.label and seen.setdefault(part.label, part.name) != part.name:
            yield Finding(
                Severity.ERROR,
                "label-twice",
                f"The label {part.label} stands at {seen[part.label]} and {part.name}",
                part.name,
            )

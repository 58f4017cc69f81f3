"""What mainline's panel drivers say, read from a kernel's source: strings, modes and packets, as numbers.

Only facts are taken: the text of the drivers is not kept.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pmport.errors import FormatError

__all__ = ["DriverFacts", "read_drivers"]

DRIVERS = "drivers/gpu/drm/panel"
DCS_NAMES = "include/video/mipi_display.h"
MODE = re.compile(r"struct\s+drm_display_mode\s+(\w+)(\[\w*\])?\s*=\s*\{")
FIELD = re.compile(r"\.(clock|[hv]display|[hv]sync_start|[hv]sync_end|[hv]total)\s*=\s*([^,}]+)")
COMPATIBLE = re.compile(r'\.compatible\s*=\s*"([^"]+)"')
MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)\([^()]*\)[ \t]*([^\n]+)$", re.MULTILINE)
DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([^\n]+)$", re.MULTILINE)
ENUM = re.compile(r"^\s*(MIPI_D\w+)\s*=\s*(0x[0-9a-fA-F]+)", re.MULTILINE)
BLOCK = re.compile(
    r"^(?:static|int|void|const)\b[^;{}=]*?\b(\w+)\s*(?:\([^;{}]*\)|\[[^;{}]*\]\s*(?:__\w+\s*)?=)\s*\{", re.MULTILINE
)
CALL = re.compile(r"\b(\w*(?:write_seq|WRITE_SEQ|_CMD|_INSTR|_cmd|generic_write|dcs_write)\w*)\s*\(([^();]*)\)")
NAMED = re.compile(
    r"mipi_dsi_dcs_(enter_sleep_mode|exit_sleep_mode|set_display_off|set_display_on|set_tear_on|set_column_address"
    r"|set_page_address|set_display_brightness(?:_large)?)(?:_multi)?\s*\(([^();]*)\)"
)
BRACES = re.compile(r"\{([^{}]*)\}")
OPCODES = {
    "enter_sleep_mode": 0x10,
    "exit_sleep_mode": 0x11,
    "set_display_off": 0x28,
    "set_display_on": 0x29,
    "set_column_address": 0x2A,
    "set_page_address": 0x2B,
    "set_tear_on": 0x35,
    "set_display_brightness": 0x51,
    "set_display_brightness_large": 0x51,
}
LARGEST = 1 << 20
FIELDS = ("hdisplay", "hsync_start", "hsync_end", "htotal", "vdisplay", "vsync_start", "vsync_end", "vtotal")


@dataclass(frozen=True, slots=True)
class DriverFacts:
    """One driver.

    Args:
        name: Its file, without suffix.
        compatibles: The strings that it binds to.
        modes: Width, height, horizontal front porch, pulse, back porch, the same vertically, clock in kHz.
        lists: The lists of packets that it sends, from the longest: first bytes are the commands.
    """

    name: str
    compatibles: tuple[str, ...]
    modes: tuple[tuple[int, ...], ...]
    lists: tuple[tuple[bytes, ...], ...]


def read_drivers(kernel: str | Path) -> tuple[DriverFacts, ...]:
    """The panel drivers of a kernel's source.

    Args:
        kernel: The source's folder.

    Returns:
        One entry per driver that has strings, in the order of their names.

    Raises:
        FormatError: If the folder is no kernel's source.
    """
    folder = Path(kernel) / DRIVERS
    if not folder.is_dir():
        raise FormatError(
            f"{kernel} has no {DRIVERS}", format="kernel source", remedy="Name the folder of a kernel's source"
        )
    header = Path(kernel) / DCS_NAMES
    names = dict(ENUM.findall(header.read_text(encoding="utf-8"))) if header.is_file() else {}
    found = []
    for path in sorted(folder.glob("panel-*.c")):
        if path.stat().st_size <= LARGEST:
            facts = _facts(path.stem, path.read_text(encoding="utf-8", errors="replace"), names)
            if facts.compatibles:
                found.append(facts)
    return tuple(found)


def _facts(name: str, text: str, names: Mapping[str, str]) -> DriverFacts:
    text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.DOTALL)
    joined = text.replace("\\\n", " ")
    known = {**names, **dict(DEFINE.findall(joined))}
    sending = {
        word: body for word, body in MACRO.findall(joined) if len(list(CALL.finditer(body))) == 1 and "##" not in body
    }
    if sending:
        for _ in range(2):  # a macro may stand for another
            text = re.sub(rf"\b({'|'.join(sending)})\s*\(&?\w+\)", lambda match: sending[match[1]].rstrip("; "), text)
    lists = [packets for packets in _lists(text, known) if packets]
    lists.sort(key=len, reverse=True)
    return DriverFacts(
        name,
        tuple(dict.fromkeys(COMPATIBLE.findall(text))),
        tuple(dict.fromkeys(_modes(text, known))),
        tuple(dict.fromkeys(lists)),
    )


def _number(text: str, known: Mapping[str, str], depth: int = 0) -> int | None:
    """The value of an expression of numbers and of names that stand for such."""
    text = text.strip()
    if re.fullmatch(r"0[xX][0-9a-fA-F]+|\d+", text):
        return int(text, 0) if text[:2].lower() == "0x" or text == "0" else int(text)
    if depth > 4 or not text or len(text) > 400:
        return None
    values: dict[str, str] = {}
    for word in set(re.findall(r"\b[A-Za-z_]\w*\b(?<!x)", re.sub(r"\b0[xX][0-9a-fA-F]+\b", "0", text))):
        inner = _number(known[word], known, depth + 1) if word in known and known[word] != word else None
        if inner is None:
            return None
        values[word] = str(inner)
    plain = re.sub(r"\b[A-Za-z_]\w*\b", lambda match: values.get(match[0], match[0]), text)
    if not re.fullmatch(r"[0-9a-fA-FxX+\-*/%<>|&~() \t\n]+", plain):
        return None
    try:
        return _value(ast.parse(plain.replace("/", "//").strip(), mode="eval").body)
    except (SyntaxError, ValueError, ZeroDivisionError, RecursionError):
        return None


_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
}


def _value(node: ast.expr) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left), _value(node.right))
    raise ValueError("no expression of numbers")


def _modes(text: str, known: Mapping[str, str]) -> Iterator[tuple[int, ...]]:
    for match in MODE.finditer(text):
        body = _balanced(text, match.end() - 1)
        for part in BRACES.findall(body[1:-1]) if match[2] else [body]:
            fields = {name: _number(value, known) for name, value in FIELD.findall(part)}
            numbers = [fields.get(name) or 0 for name in FIELDS]
            if all(numbers):
                hd, hs, he, ht, vd, vs, ve, vt = numbers
                yield (hd, vd, hs - hd, he - hs, ht - he, vs - vd, ve - vs, vt - ve, fields.get("clock") or 0)


def _balanced(text: str, at: int) -> str:
    depth = 0
    for index in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if depth == 0:
            return text[at : index + 1]
    return text[at:]


def _lists(text: str, known: Mapping[str, str]) -> Iterator[tuple[bytes, ...]]:
    for match in BLOCK.finditer(text):
        body = _balanced(text, match.end() - 1)
        if match[0].rstrip("{").rstrip().endswith("="):
            yield tuple(_table(body, known))
        else:
            yield tuple(_calls(body, known))


def _calls(body: str, known: Mapping[str, str]) -> Iterator[bytes]:
    arrays = {
        name: values
        for name, inner in re.findall(r"\b(\w+)\[\w*\]\s*=\s*\{([^{}]*)\}", body)
        if (values := _bytes(inner, known))
    }
    for match in re.finditer(rf"{CALL.pattern}|{NAMED.pattern}", body):
        if match[3]:
            yield _named(match[3], match[4], known)
            continue
        arguments = match[2].split(",")
        while arguments and _number(arguments[0], known) is None:
            name = arguments.pop(0).strip().lstrip("&")
            if name in arrays:
                yield arrays[name]
                arguments = []
        data = _bytes(",".join(arguments), known)
        if data:
            yield data


def _named(name: str, arguments: str, known: Mapping[str, str]) -> bytes:
    """What one of the kernel's functions for a single command sends (``drivers/gpu/drm/drm_mipi_dsi.c``)."""
    if name == "set_tear_on":
        return bytes([0x35, "VHBLANK" in arguments])
    numbers = [value for item in arguments.split(",")[1:] if (value := _number(item, known)) is not None]
    order: Literal["little", "big"] = "little" if name == "set_display_brightness" else "big"
    return bytes([OPCODES[name]]) + b"".join((number & 0xFFFF).to_bytes(2, order) for number in numbers)


def _table(body: str, known: Mapping[str, str]) -> Iterator[bytes]:
    for match in re.finditer(rf"{CALL.pattern}|{BRACES.pattern}", body[1:-1]):
        inner = match[2] if match[1] else match[3]
        data = _bytes(inner, known)
        if data and not (match[1] and "DELAY" in match[1]):
            yield data


def _bytes(text: str, known: Mapping[str, str]) -> bytes:
    """The bytes of a list of numbers; none where one of them is no byte."""
    values = [_number(item, known) for item in text.split(",") if item.strip()]
    if not values or any(value is None or not 0 <= value <= 0xFF for value in values):
        return b""
    return bytes(value for value in values if value is not None)

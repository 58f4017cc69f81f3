"""What C sources say about the devices that they drive: match tables, declarations, ids. Read without a compiler.

The kernel binds a driver to a device-tree node by strings: ``struct of_device_id`` tables, ``…_DECLARE`` macros for what
must work before drivers do, and the names of I2C and SPI ids, which match the part behind the comma. A string may come
through a macro of the same file; those are resolved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Source", "scan", "worth_scanning"]

_WORDS = (
    b"compatible",
    b"of_device_id",
    b"_DECLARE",
    b"IRQCHIP_MATCH",
    b"i2c_device_id",
    b"spi_device_id",
    b'MODULE_ALIAS("of:',
)
_HEADER_WORDS = (b".compatible", b"of_device_id")

_COMMENT = re.compile(r"/\*.*?\*/|(?<![:\"\w])//[^\n]*", re.DOTALL)
_DEFINE = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?[ \t]*([^\n]*)$", re.MULTILINE)
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_VALUE = rf"(?:{_STRING}|#?[A-Za-z_]\w*|\s)+"
_COMPATIBLE = re.compile(rf"\.compatible\s*=\s*({_VALUE})")
_TABLE = re.compile(
    r"struct\s+(of|i2c|spi)_device_id\s+(?:\w+\s+)*\w+\s*\[[^\]]*\]\s*(?:\w+\s*(?:\([^)]*\)\s*)?)*=\s*\{"
)
_ENTRY = re.compile(rf"\{{\s*(?:\.name\s*=\s*)?({_STRING}|[A-Z_][A-Z0-9_]*)\s*[,}}]")
_DECLARE = re.compile(rf"\b(?:\w*DECLARE\w*|IRQCHIP_MATCH)\s*\(((?:{_STRING}|[^;\"(){{}}]|\([^()]*\))*)\)")
_REFERENCE = re.compile(
    r"\b(?:of_(?:device|machine)_is_compatible|of_find_compatible_node|for_each_compatible_node|(?:fwnode_)?device_is_compatible"
    r"|of_get_compatible_child|syscon_regmap_lookup_by_compatible|of_device_compatible_match|of_compatible_match)"
    rf"\s*\(([^;{{}}]*?)({_STRING})"
)
_CELL = re.compile(rf"(?:\.of_compatible\s*=\s*|OF_MFD_CELL(?:_\w+)?\s*\([^;{{}}]*?,\s*)({_STRING})\s*[,)}}]")
_ALIAS = re.compile(r'MODULE_ALIAS\(\s*"of:N\*T\*C([^"]+?)(?:C?\*)?"\s*\)')
_TOKEN = re.compile(rf"({_STRING})|(#?[A-Za-z_]\w*)")
_AMBA = re.compile(r"struct\s+amba_id\s+")


@dataclass(frozen=True, slots=True)
class Source:
    """What one file says.

    Args:
        path: From the top of the tree.
        matches: Compatible strings of match tables and declarations.
        references: Compatible strings that the code asks for.
        i2c: Names of I2C ids.
        spi: Names of SPI ids.
        includes: Files that it includes with quotes, for headers that hold tables.
        amba: Whether it drives devices of the AMBA bus, which are found by a register.
    """

    path: str
    matches: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    i2c: tuple[str, ...] = ()
    spi: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()
    amba: bool = False


def worth_scanning(path: str, data: bytes) -> bool:
    """Whether a file can say anything, by a search that costs little.

    Args:
        path: Its name.
        data: Its bytes.

    Returns:
        False for files without any of the words.
    """
    if path.endswith(".h"):
        return any(word in data for word in _HEADER_WORDS)
    return any(word in data for word in _WORDS) or b"struct amba_id" in data


@dataclass(slots=True)
class _Macros:
    """The macros of one file."""

    plain: dict[str, str] = field(default_factory=dict)
    calls: dict[str, tuple[tuple[str, ...], str]] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> _Macros:
        macros = cls()
        for name, parameters, body in _DEFINE.findall(text):
            if parameters:
                if ".compatible" in body or "{" in body:
                    names = tuple(part.strip() for part in parameters[1:-1].split(","))
                    macros.calls[name] = (names, body)
            elif '"' in body or re.fullmatch(r"\w+\s*", body):
                macros.plain[name] = body
        return macros

    def text(self, expression: str, arguments: dict[str, str] | None = None, depth: int = 0) -> str:
        """The string that an expression of strings and macros gives; empty where it cannot be told."""
        result = ""
        for string, name in _TOKEN.findall(expression):
            if string:
                result += string[1:-1]
            elif name.startswith("#"):
                result += (arguments or {}).get(name[1:], "")
            elif arguments and name in arguments:
                result += self.text(arguments[name], None, depth + 1)
            elif name in self.plain and depth < 4:
                result += self.text(self.plain[name], None, depth + 1)
            else:
                return result if result and name not in self.plain else ""
        return result


def scan(path: str, data: bytes) -> Source:
    """Read one file.

    Args:
        path: From the top of the tree.
        data: Its bytes.

    Returns:
        What it says, each string once and sorted.

    Example:
        >>> scan("a.c", b'static const struct of_device_id x[] = { { .compatible = "acme,pump" }, {} };').matches
        ('acme,pump',)
    """
    text = data.decode("utf-8", "replace")
    if "/*" in text or "//" in text:
        text = _COMMENT.sub(" ", text)
    text = text.replace("\\\n", " ")
    macros = _Macros.of(text)
    found: dict[str, set[str]] = {"of": set(), "i2c": set(), "spi": set(), "ref": set()}
    found["of"].update(_matches(text, macros))
    for kind, name in _tables(text, macros):
        found[kind].add(name)
    for arguments, string in _REFERENCE.findall(text):
        del arguments
        found["ref"].add(string[1:-1])
    found["ref"].update(string[1:-1] for string in _CELL.findall(text))
    found["of"].discard("")
    found["ref"] -= {"", *found["of"]}
    return Source(
        path,
        matches=tuple(sorted(found["of"])),
        references=tuple(sorted(found["ref"])),
        i2c=tuple(sorted(found["i2c"])),
        spi=tuple(sorted(found["spi"])),
        includes=tuple(sorted(set(re.findall(r'^[ \t]*#[ \t]*include[ \t]+"([^"\n]+)"', text, re.MULTILINE)))),
        amba=bool(_AMBA.search(text)),
    )


def _matches(text: str, macros: _Macros) -> Iterator[str]:
    defines = {match.start() for match in _DEFINE.finditer(text) if ".compatible" in match[3]}
    for match in _COMPATIBLE.finditer(text):
        if defines and text.rfind("\n", 0, match.start()) + 1 in defines:
            continue
        yield macros.text(match[1])
    for name, (parameters, body) in macros.calls.items():
        yield from _calls(text, name, parameters, body, macros)
    for arguments in _DECLARE.findall(text):
        yield from _declared(arguments, macros)
    yield from _ALIAS.findall(text)


def _declared(arguments: str, macros: _Macros) -> Iterator[str]:
    """The strings of a declaration, whole: adjacent literals are one."""
    for part in _split(arguments):
        if '"' in part or (part.strip() in macros.plain and '"' in macros.plain[part.strip()]):
            yield macros.text(part)


def _calls(text: str, name: str, parameters: tuple[str, ...], body: str, macros: _Macros) -> Iterator[str]:
    """The compatible strings that a macro with parameters makes where it is used."""
    expressions = _COMPATIBLE.findall(body)
    if not expressions:
        return
    for match in re.finditer(rf"\b{name}\s*\(((?:{_STRING}|[^;\"(){{}}]|\([^()]*\))*)\)", text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if line.lstrip().startswith("#"):
            continue
        arguments = dict(zip(parameters, (part.strip() for part in _split(match[1])), strict=False))
        for expression in expressions:
            yield macros.text(expression, arguments)


def _split(arguments: str) -> list[str]:
    """Arguments of a call: split at commas outside of strings and brackets."""
    parts, depth, start, inside = [], 0, 0, False
    for place, char in enumerate(arguments):
        if char == '"' and (place == 0 or arguments[place - 1] != "\\"):
            inside = not inside
        elif not inside and char in "([{":
            depth += 1
        elif not inside and char in ")]}":
            depth -= 1
        elif char == "," and not inside and not depth:
            parts.append(arguments[start:place])
            start = place + 1
    return [*parts, arguments[start:]]


def _tables(text: str, macros: _Macros) -> Iterator[tuple[str, str]]:
    """Entries of id tables that are written without field names, and the names of I2C and SPI ids."""
    for match in _TABLE.finditer(text):
        end = text.find("};", match.end())
        region = text[match.end() - 1 : end if end > 0 else None]
        kind = match[1]
        for entry in _ENTRY.findall(region):
            name = macros.text(entry) if not entry.startswith('"') else entry[1:-1]
            if name:
                yield kind, name
        for name, (parameters, body) in macros.calls.items():
            if kind != "of" and name in region:
                yield from ((kind, found) for found in _called_entries(region, name, parameters, body, macros))


def _called_entries(region: str, name: str, parameters: tuple[str, ...], body: str, macros: _Macros) -> Iterator[str]:
    entry = re.search(rf"\{{\s*(?:\.name\s*=\s*)?({_VALUE})", body)
    if not entry:
        return
    for match in re.finditer(rf"\b{name}\s*\(([^()]*)\)", region):
        arguments = dict(zip(parameters, (part.strip() for part in _split(match[1])), strict=False))
        found = macros.text(entry[1], arguments)
        if found:
            yield found

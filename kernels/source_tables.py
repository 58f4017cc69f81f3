"""What C sources say about the devices that they drive: match tables, declarations, ids. Read without a compiler.

The kernel binds a driver to a device-tree node by strings: the ``struct of_device_id`` table that the driver's structure
names, ``…_OF_DECLARE`` macros for what must work before drivers do, and the names of I2C and SPI ids, which match the part
behind the comma. Many tables do neither: they look other nodes up (clients, components, boards with a quirk). So a table
counts by who reaches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from pmport.kernels.reach import Reach
from pmport.kernels.source_macros import NEVER, STRING, Guarded, Macros, arguments, guarded, without_comments

__all__ = ["Entry", "Reach", "Source", "scan", "worth_scanning"]


class Entry(NamedTuple):
    """One string that a file matches.

    Args:
        kind: ``of``, ``i2c`` or ``spi``: which kind of table.
        text: The string.
        reach: How it comes to a device.
        buses: Of which buses the driver is (``i2c``, ``platform``…), sorted; none: not known.
        guard: Symbols of ``#ifdef`` around it, sorted.
    """

    kind: str
    text: str
    reach: Reach
    buses: tuple[str, ...] = ()
    guard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """What one file says.

    Args:
        path: From the top of the tree.
        matches: The strings that it matches.
        references: Compatible strings that the code asks for.
        shared: Name of a table that no driver of this file reaches → its entries; other files may.
        wanted: ``(kind, name)`` of a table that this file's drivers name and other files hold → the drivers' buses.
        includes: Headers that it includes, for tables in them.
        cells: Name of a list of a multi-function device's cells → names of the platform devices.
        names: Names of the platform devices that its drivers take.
    """

    path: str
    matches: tuple[Entry, ...] = ()
    references: tuple[str, ...] = ()
    shared: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    wanted: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    includes: tuple[str, ...] = ()
    cells: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        """Whether there is anything in it that an index needs."""
        return bool(self.matches or self.references or self.shared or self.wanted or self.cells or self.names)


_WORDS = (
    b"compatible",
    b"of_device_id",
    b"OF_DECLARE",
    b"IRQCHIP_",
    b"i2c_device_id",
    b"spi_device_id",
    b"platform_driver",
    b"mfd_cell",
    b'MODULE_ALIAS("',
)
_HEADER_WORDS = (b".compatible", b"of_device_id", b"i2c_device_id", b"spi_device_id")

_OTHER_BUSES = frozenset({"amba", "hid", "i2c", "mdio", "mipi_dsi", "pci", "rpmsg", "sdio", "spi", "usb", "virtio"})
_VALUE = rf"(?:{STRING}|[A-Za-z_]\w*|\s)+"
_COMPATIBLE = re.compile(rf"\.compatible\s*=\s*({_VALUE})")
_TABLE = re.compile(
    r"struct\s+(of|i2c|spi|platform)_device_id\s+(?:(?:const|__\w+)\s+)*(\w+)\s*\[[^\]]*\]\s*(?:\w+\s*(?:\([^)]*\)\s*)?)*=\s*\{"
)
_ENTRY = re.compile(rf"\{{\s*(?:\.name\s*=\s*)?({_VALUE})\s*[,}}]")
_DRIVER = re.compile(r"struct\s+(\w+?)_driver\s+\w+[^;={}()]*=\s*\{")
_NAMED = re.compile(r"\.(of_match_table|id_table)\s*=\s*([^,;{}]*)")
_MODULE_TABLE = re.compile(r"MODULE_DEVICE_TABLE\s*\(\s*(of|i2c|spi|platform)\s*,\s*(\w+)\s*\)")
_DRIVER_MACRO = re.compile(r"\b\w*(?:DRIVER|driver)\w*\s*\(([^;{}]*?)\)\s*[;{]")
_DECLARE = re.compile(
    rf"\b(\w*OF_DECLARE\w*|IRQCHIP_DECLARE|IRQCHIP_MATCH)\s*\(((?:{STRING}|[^;\"(){{}}]|\([^()]*\))*)\)"
)
_REFERENCE = re.compile(
    r"\b(?:of_(?:device|machine)_is_compatible|of_find_compatible_node|for_each_compatible_node|(?:fwnode_)?device_is_compatible"
    r"|of_get_compatible_child|syscon_regmap_lookup_by_compatible|of_device_compatible_match|of_compatible_match)"
    rf"\s*\(([^;{{}}]*?)({STRING})"
)
_CELL = re.compile(rf"(?:\.of_compatible\s*=\s*|OF_MFD_CELL(?:_\w+)?\s*\([^;{{}}]*?,\s*)({STRING})\s*[,)}}]")
_CELLS = re.compile(r"struct\s+mfd_cell\s+(?:(?:const|__\w+)\s+)*(\w+)\s*(?:\[[^\]]*\])?\s*(?:\w+\s*)*=\s*\{")
_CELL_NAME = re.compile(rf"(?:\.name\s*=|\bMFD_CELL_\w+\s*\(|\bOF_MFD_CELL\w*\s*\()\s*({_VALUE})\s*[,)}}]")
_ALIAS = re.compile(r'MODULE_ALIAS\(\s*"of:N\*T\*C([^"]+?)(?:C?\*)?"\s*\)')
_BUS_ALIAS = re.compile(r'MODULE_ALIAS\(\s*"(i2c|spi):([^"*]+)"\s*\)')
_PLATFORM_ALIAS = re.compile(r'MODULE_ALIAS\(\s*"platform:([^"*]+)"\s*\)')
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+["<]([^">\n]+)[">]', re.MULTILINE)


def worth_scanning(path: str, data: bytes) -> bool:
    """Whether a file can say anything, by a search that costs little.

    Args:
        path: Its name.
        data: Its bytes.

    Returns:
        False for files without any of the words.
    """
    return any(word in data for word in (_HEADER_WORDS if path.endswith(".h") else _WORDS))


def scan(path: str, data: bytes, headers: Iterable[Macros] = ()) -> Source:
    """Read one file.

    Args:
        path: From the top of the tree.
        data: Its bytes.
        headers: Macros of headers that it may use.

    Returns:
        What it says, each string once and sorted.

    Example:
        >>> text = b'static const struct of_device_id ids[] = { { .compatible = "acme,pump" }, {} };'
        >>> text += b"static struct i2c_driver pump = { .driver = { .of_match_table = ids } };"
        >>> [(entry.text, entry.reach.value, entry.buses) for entry in scan("a.c", text).matches]
        [('acme,pump', 'driver', ('i2c',))]
    """
    text = without_comments(data)
    macros = Macros.of(text)
    for header in headers:
        macros = macros.over(header)
    return _File(path, text, macros).source()


class _File:
    """One file while it is read."""

    def __init__(self, path: str, text: str, macros: Macros) -> None:
        self.path = path
        self.text = text
        self.macros = macros
        self.guards: list[Guarded] = guarded(text) if "CONFIG_" in text or "#if 0" in text else []
        self.buses = self._buses()
        self.loaded = {(kind, name) for kind, name in _MODULE_TABLE.findall(text)}
        drivers = {match[1] for match in _DRIVER.finditer(text)}
        self.works_beside = ".of_match_table" not in text and not drivers & _OTHER_BUSES
        """It serves a driver, or takes a platform device that one makes, and the module is loaded for the node."""
        self.drives_functions_of_cards = "struct sdio_driver" in text
        """SDIO drivers bind by ids; those that care for the tree look their own node up when they bind."""

    def source(self) -> Source:
        matches: set[Entry] = set(self._declared())
        matches.update(Entry("of", text, Reach.DRIVER) for text in _ALIAS.findall(self.text))
        matches.update(Entry(kind, text, Reach.DRIVER, (kind,)) for kind, text in _BUS_ALIAS.findall(self.text))
        shared: dict[str, tuple[Entry, ...]] = {}
        names = {text for text in _PLATFORM_ALIAS.findall(self.text) if text} | set(self._driver_names())
        known = set()
        for kind, name, entries in self._tables():
            known.add((kind, name))
            if kind == "platform":
                names.update(entry.text for entry in entries)
                continue
            found, reached = self._reached(kind, name, entries)
            matches.update(found)
            if not reached:
                shared[name] = tuple(sorted(set(entries)))
        wanted = {key: buses for key, buses in self.buses.items() if key not in known and key[0] != "platform"}
        wanted |= {key: wanted.get(key, ()) for key in self.loaded if key not in known and key[0] != "platform"}
        own = {entry.text for entry in matches}
        references = {string[1:-1] for _, string in _REFERENCE.findall(self.text)}
        references |= {string[1:-1] for string in _CELL.findall(self.text)}
        return Source(
            self.path,
            tuple(sorted(matches)),
            tuple(sorted(references - own - {""})),
            shared,
            wanted,
            tuple(sorted(set(_INCLUDE.findall(self.text)))),
            dict(self._cells()),
            tuple(sorted(names)),
        )

    def _buses(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """``(kind, name of a table)`` → the buses of the drivers that name it."""
        drivers = [(match.start(), match[1]) for match in _DRIVER.finditer(self.text)]
        found: dict[tuple[str, str], set[str]] = {}
        for match in _NAMED.finditer(self.text):
            before = [bus for place, bus in drivers if place < match.start()]
            bus = before[-1].removesuffix("_mem") if before else ""
            kind = "of" if match[1] == "of_match_table" else bus
            if kind in {"of", "i2c", "spi", "platform"}:
                for name in re.findall(r"[A-Za-z_]\w*", match[2]):
                    found.setdefault((kind, name), set()).update({bus} - {""})
        for match in _DRIVER_MACRO.finditer(self.text):
            for part in arguments(match[1]):
                if re.fullmatch(r"\s*\w+\s*", part):
                    found.setdefault(("of", part.strip()), set())
        return {
            key: tuple(sorted(buses))
            for key, buses in found.items()
            if key[1] not in {"of_match_ptr", "NULL", "IS_ENABLED", "ACPI_PTR"} and not key[1].startswith("CONFIG_")
        }

    def _reached(self, kind: str, name: str, entries: list[Entry]) -> tuple[list[Entry], bool]:
        """The entries of a table with how they come to devices, and whether a driver of this file reaches it."""
        if (kind, name) in self.buses or self._is_made_by_a_macro(kind, name):
            return [e._replace(reach=Reach.DRIVER, buses=self.buses.get((kind, name), ())) for e in entries], True
        if (kind, name) in self.loaded and kind != "of":
            return [e._replace(reach=Reach.DRIVER, buses=(kind,)) for e in entries], True
        if (kind, name) in self.loaded:
            reach = Reach.LOADED if self.works_beside else Reach.CHILD
            return [e._replace(reach=reach) for e in entries], True
        if self.path.endswith(".h"):
            return [], False
        if kind == "of" and self.drives_functions_of_cards and re.search(rf"of_match_node\(\s*{name}\b", self.text):
            return [e._replace(reach=Reach.DRIVER, buses=("sdio",)) for e in entries], True
        return [e for e in entries if kind == "of"], False

    def _is_made_by_a_macro(self, kind: str, name: str) -> bool:
        """Whether a macro pastes the table's name together."""
        pasted = [value for field_, value in _NAMED.findall(self.text) if field_ == "of_match_table" and "##" in value]
        ends = [re.sub(r"^.*##\s*", "", value).strip(" )") for value in pasted]
        return kind == "of" and any(end and name.endswith(end) for end in ends)

    def _guard(self, place: int) -> frozenset[str]:
        return frozenset[str]().union(*(g.symbols for g in self.guards if g.start <= place < g.end))

    def _tables(self) -> Iterator[tuple[str, str, list[Entry]]]:
        for match in _TABLE.finditer(self.text):
            end = self.text.find("};", match.end())
            region = self.text[match.end() - 1 : end + 1 if end > 0 else len(self.text)]
            outer = self._guard(match.start())
            if NEVER in outer:
                continue
            entries: list[Entry] = []
            for guard, piece in self._pieces(match.end() - 1, region):
                found = outer | guard
                if NEVER not in found:
                    texts = self._strings(match[1], piece)
                    entries += [Entry(match[1], text, Reach.LOOKED_UP, (), tuple(sorted(found))) for text in texts]
            yield match[1], match[2], entries

    def _pieces(self, start: int, region: str) -> Iterator[tuple[frozenset[str], str]]:
        """A table in pieces that are guarded alike."""
        cuts = {0, len(region)}
        for piece in self.guards:
            cuts |= {place - start for place in (piece.start, piece.end) if 0 < place - start < len(region)}
        ordered = sorted(cuts)
        for begin, end in pairwise(ordered):
            yield self._guard(start + begin), region[begin:end]

    def _strings(self, kind: str, piece: str) -> Iterator[str]:
        text = self.macros.expanded(piece)
        for value in (_COMPATIBLE if kind == "of" else _ENTRY).findall(text):
            yield from filter(None, [self.macros.string(value)])

    def _declared(self) -> Iterator[Entry]:
        """The strings of declarations, whole: adjacent literals are one."""
        for match in _DECLARE.finditer(self.text):
            line = self.text[self.text.rfind("\n", 0, match.start()) + 1 : match.start()]
            if line.lstrip().startswith("#") or "EARLYCON" in match[1] or "CPU_METHOD" in match[1]:
                continue
            reach = Reach.DRIVER if match[1] == "IRQCHIP_MATCH" else Reach.DECLARED
            guard = self._guard(match.start())
            for part in arguments(match[2]) if NEVER not in guard else ():
                if '"' in part or '"' in self.macros.plain.get(part.strip(), ""):
                    text = self.macros.string(part)
                    if text:
                        yield Entry("of", text, reach, (), tuple(sorted(guard)))

    def _driver_names(self) -> Iterator[str]:
        """Names of platform drivers, which take platform devices of that name."""
        for match in _DRIVER.finditer(self.text):
            if match[1] == "platform":
                end = self.text.find("\n}", match.end())
                for value in re.findall(
                    rf"\.name\s*=\s*({_VALUE})\s*[,}}]", self.text[match.end() : end + 1 if end > 0 else None]
                ):
                    yield from filter(None, [self.macros.string(value)])

    def _cells(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        for match in _CELLS.finditer(self.text):
            end = self.text.find("};", match.end())
            region = self.macros.expanded(self.text[match.end() : end if end > 0 else len(self.text)])
            names = [self.macros.string(value) for value in _CELL_NAME.findall(region)]
            if any(names):
                yield match[1], tuple(dict.fromkeys(filter(None, names)))

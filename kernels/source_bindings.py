"""Documented bindings and boards of a kernel's source tree, read as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Board", "boards", "documented"]

BINDINGS = "Documentation/devicetree/bindings"
_NAME = r"[A-Za-z0-9][\w.+-]*(?:,[\w.+/-]+)?"
_VALUE = re.compile(rf"(?:const:|-|enum:\s*\[|,)\s*[\"']?({_NAME})[\"']?\s*(?=$|[\],}}#])", re.MULTILINE)
_QUOTED = re.compile(r'"([A-Za-z0-9][\w.+-]*,[\w.+/-]+)"')
_BLOCK = re.compile(r"^( *)compatible:[ \t]*\n((?:\1[ \t]+[^\n]*\n|[ \t]*\n|\1- [^\n]*\n)+)", re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INCLUDE = re.compile(r'^\s*(?:#include|/include/)\s+["<]([^">]+\.dtsi)[">]', re.MULTILINE)
_PROPERTY = re.compile(r'(model|compatible|chassis-type|qcom,msm-id|qcom,board-id)\s*=\s*((?:"[^"]*"|<[^>]*>|\s|,)+);')
_WORDS = frozenset({"const", "enum", "items", "oneOf", "anyOf", "description", "minItems", "maxItems", "deprecated"})


@dataclass(frozen=True, slots=True)
class Board:
    """One board that the kernel has a device tree for.

    Args:
        path: Of its ``.dts``, from the top of the tree.
        model: As the root says.
        compatible: Of the root.
        chassis: ``chassis-type`` of the root; usually empty.
        msm_id: Qualcomm's ids, as written, where every cell is a number.
        board_id: Likewise.
    """

    path: str
    model: str
    compatible: tuple[str, ...]
    chassis: str = ""
    msm_id: tuple[int, ...] = ()
    board_id: tuple[int, ...] = ()


def documented(top: Path) -> set[str]:
    """Every compatible string that a binding names.

    Args:
        top: The kernel's source tree.

    Returns:
        The strings of the ``compatible`` blocks of YAML schemas, and the quoted ones of older texts.
    """
    found: set[str] = set()
    folder = top / BINDINGS
    for path in folder.rglob("*.yaml"):
        for _, block in _BLOCK.findall(path.read_text(encoding="utf-8", errors="replace")):
            found.update(_VALUE.findall(block))
    for path in folder.rglob("*.txt"):
        found.update(_QUOTED.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found - _WORDS


def boards(top: Path, arches: tuple[str, ...] = ("arm64", "arm")) -> Iterator[Board]:
    """The boards of some architectures.

    Args:
        top: The kernel's source tree.
        arches: The kernel's words for them.

    Yields:
        One per ``.dts`` whose root has a compatible, itself or through its includes; sorted by path.
    """
    texts: dict[Path, dict[str, str]] = {}
    for arch in arches:
        for path in sorted((top / "arch" / arch / "boot/dts").rglob("*.dts")):
            values = _root(path, top, texts, 0)
            compatible = tuple(re.findall(r'"([^"]*)"', values.get("compatible", "")))
            if compatible:
                yield Board(
                    path.relative_to(top).as_posix(),
                    "".join(re.findall(r'"([^"]*)"', values.get("model", ""))[:1]),
                    compatible,
                    "".join(re.findall(r'"([^"]*)"', values.get("chassis-type", ""))[:1]),
                    _cells(values.get("qcom,msm-id", "")),
                    _cells(values.get("qcom,board-id", "")),
                )


def _cells(text: str) -> tuple[int, ...]:
    words = re.sub(r"[<>,]", " ", text).split()
    try:
        return tuple(int(word, 0) for word in words)
    except ValueError:
        return ()


def _root(path: Path, top: Path, texts: dict[Path, dict[str, str]], depth: int) -> dict[str, str]:
    """Properties of the root node: of the includes first, so that the file's own win."""
    if path in texts:
        return texts[path]
    texts[path] = {}
    if depth > 12 or not path.is_file():
        return {}
    text = _COMMENT.sub(" ", path.read_text(encoding="utf-8", errors="replace"))
    values: dict[str, str] = {}
    for name in _INCLUDE.findall(text):
        folders = (path.parent, top / "arch/arm64/boot/dts", top / "arch/arm/boot/dts")
        inner = next((folder / name for folder in folders if (folder / name).is_file()), path.parent / name)
        values |= _root(inner, top, texts, depth + 1)
    for match in re.finditer(r"(?:^|\n)\s*/\s*\{", text):
        values |= dict(_PROPERTY.findall(_surface(text, match.end())))
    texts[path] = values
    return values


def _surface(text: str, start: int) -> str:
    """The text of one node without that of its children."""
    depth, place, parts = 1, start, []
    for match in re.finditer(r"[{}]", text[start:]):
        at = start + match.start()
        if depth == 1:
            parts.append(text[place:at])
        depth += 1 if match[0] == "{" else -1
        if not depth:
            break
        if depth == 1:
            place = at + 1
    return ";".join(parts)

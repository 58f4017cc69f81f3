"""The boards of a kernel's source: which there are, which chip's files they include, and which are alike.

Only ``arch/*/boot/dts`` is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pmport.board.board_text import BoardText, read_text

__all__ = ["Board", "BoardFolder", "KernelBoards"]

INCLUDED = re.compile(r'^[ \t]*(?:#[ \t]*include|/include/)[ \t]*"([^"]+\.dtsi)"', re.MULTILINE)
ROOT_COMPATIBLE = re.compile(r'^\t?\s{0,8}compatible\s*=\s*((?:"[^"]*"\s*,?\s*)+);', re.MULTILINE)
QUOTED = re.compile(r'"([^"]*)"')
CHIP_WORD = re.compile(
    r"^(?:qcom|exynos|sdm|sda|sm|msm|mdm|apq|sc|qcs|qcm|sar|x1|pm|pmi|pmk|pmr|pmc|smb|wcd|wcn|rk|rv|px|tegra|meson|g12|gx|axg|sm1|mt|"
    r"sun|imx|omap|am|ums|twl|tps|axp|rk8|mt6)[\da-z.]*$"
    r"|^(?:modem|qdsp6|cpus|cpu|pinctrl|opp|opps|gpu|dvfs|syscon|restart|thermal|mali\d*|v\d[\d.]*|pro|ab|a|b|c|h\d|clocks|"
    r"trip|points|common|usb|audio|oc|s|t|core|el2|lpass)$"
)
CHIP_START = re.compile(r"^(?:[a-z]+\d|qcom|meson|sun\d|exynos|tegra)")


def of_a_chip(file: str) -> bool:
    """Whether an included file belongs to chips, going by its name: ``sdm845-wcd9340.dtsi``.

    Args:
        file: The file's name.

    Returns:
        False for a file of a board or a family of boards.

    Example:
        >>> [of_a_chip(name) for name in ("sdm845.dtsi", "msm8916-modem-qdsp6.dtsi", "sdm845-oneplus-common.dtsi")]
        [True, True, False]
    """
    words = file.rpartition("/")[2].removesuffix(".dtsi").split("-")
    return all(CHIP_WORD.match(word) for word in words) and CHIP_START.match(words[0]) is not None


@dataclass(frozen=True)
class Board:
    """A board file of the kernel.

    Args:
        path: Where it is.
        compatible: The root's strings, the board's first.
        includes: All files that it includes, directly or not.
    """

    path: Path
    compatible: tuple[str, ...]
    includes: frozenset[str]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


@dataclass
class BoardFolder:
    """A folder of board files, as the kernel has one per maker of chips.

    Args:
        path: The folder.
    """

    path: Path
    texts: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """The text of a file of the folder.

        Args:
            name: Its name.

        Returns:
            The text; None if there is no such file.
        """
        if name not in self.texts:
            file = self.path / name
            if not file.is_file():
                return None
            self.texts[name] = file.read_text(encoding="utf-8", errors="replace")
        return self.texts[name]

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Names of all ``.dts`` and ``.dtsi`` files."""
        return tuple(sorted(file.name for file in self.path.iterdir() if file.suffix in {".dts", ".dtsi"}))

    @cached_property
    def boards(self) -> tuple[Board, ...]:
        """All boards of the folder."""
        found = []
        for name in self.files:
            if name.endswith(".dts"):
                text = self.text(name) or ""
                includes = self.included(name)
                texts = [text, *(self.text(part) or "" for part in sorted(includes) if not of_a_chip(part))]
                found.append(Board(self.path / name, _compatible(texts), includes))
        return tuple(found)

    def included(self, name: str) -> frozenset[str]:
        """What a file includes, directly or not.

        Args:
            name: The file.

        Returns:
            Names.
        """
        found: set[str] = set()
        queue = [name]
        while queue:
            for part in INCLUDED.findall(self.text(queue.pop()) or ""):
                if part not in found:
                    found.add(part)
                    queue.append(part)
        return frozenset(found)

    @cached_property
    def chip_files(self) -> frozenset[str]:
        """The folder's files that belong to chips: by their name, or because boards of several makers include them."""
        makers: dict[str, set[str]] = {}
        for board in self.boards:
            for part in board.includes:
                makers.setdefault(part, set()).add(
                    board.compatible[0].split(",")[0] if board.compatible else board.name
                )
        return frozenset(part for part, names in makers.items() if of_a_chip(part) or len(names) > 2)

    def read(self, board: Board) -> BoardText:
        """What a board says, the chip's files left out.

        Args:
            board: The board.

        Returns:
            Its statements.
        """
        return read_text(
            self.text(board.path.name) or "", lambda name: None if name in self.chip_files else self.text(name)
        )


def _compatible(texts: Iterable[str]) -> tuple[str, ...]:
    """The root's strings: the first ``compatible`` at the margin that looks like a board's."""
    for text in texts:
        for match in re.finditer(r"^/\s*\{(.*?)^\};", text, re.MULTILINE | re.DOTALL):
            body = re.sub(r"\{[^{}]*\}", "", match[1])
            found = ROOT_COMPATIBLE.search(body)
            if found:
                return tuple(QUOTED.findall(found[1]))
    return ()


class KernelBoards:
    """The boards of a kernel's source.

    Args:
        kernel: The source's folder.
    """

    def __init__(self, kernel: Path) -> None:
        self.kernel = kernel
        self._folders: dict[Path, BoardFolder] = {}

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """All folders with board files."""
        found = []
        for arch in ("arm64", "arm"):
            top = self.kernel / "arch" / arch / "boot" / "dts"
            if top.is_dir():
                found += [top, *sorted(part for part in top.iterdir() if part.is_dir())]
        return tuple(found)

    def folder(self, path: Path) -> BoardFolder:
        """A folder of boards, read once.

        Args:
            path: The folder.

        Returns:
            The folder.
        """
        return self._folders.setdefault(path, BoardFolder(path))

    def with_file(self, names: Iterable[str]) -> tuple[BoardFolder, str] | None:
        """The folder that has one of some files.

        Args:
            names: Names, the best first.

        Returns:
            The folder, and the file's name.
        """
        for name in names:
            for path in self.folders:
                if (path / name).is_file():
                    return self.folder(path), name
        return None

    @property
    def include(self) -> tuple[Path, ...]:
        """The folders in which a board's headers are looked for."""
        dts = [self.kernel / "arch" / arch / "boot" / "dts" for arch in ("arm64", "arm")]
        return (self.kernel / "include", self.kernel / "scripts" / "dtc" / "include-prefixes", *dts)

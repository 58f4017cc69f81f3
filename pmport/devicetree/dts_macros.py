"""The package ``pcpp`` as a device tree source needs it: headers that are read here, errors that are collected, pastes as in cpp."""

from __future__ import annotations

import copy
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pcpp

from pmport.devicetree.constants import definitions

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["HASH", "RESTORED", "Processor", "guarded"]

HASH_NAME = re.compile(
    r"^([ \t]*)#(?![ \t]*(?:include|include_next|define|undef|if|ifdef|ifndef|else|elif|endif|error|warning|pragma|line)\b(?![,-])"
    r"|[ \t]*\d)",
    re.MULTILINE,
)
HASH = "\ue000"
"""Stands for ``#`` at the beginning of a property's name while the preprocessor runs; a letter of no alphabet."""
SPLITTERS = "\v\f\x1c\x1d\x1e\x85\u2028\u2029"
"""What Python takes for ends of lines, and no preprocessor does; each is kept as another letter meanwhile."""
KEPT = {ord(letter): 0xE010 + at for at, letter in enumerate(SPLITTERS)}
RESTORED = {kept: letter for letter, kept in KEPT.items()}
OWN = "/pmport's own constants"
"""Stands, as the last of the folders, for the headers that pmport knows by heart."""


def guarded(text: str) -> str:
    """A text in which the preprocessor misunderstands nothing.

    Args:
        text: The text of a file.

    Returns:
        The same with other letters for what it would take amiss.
    """
    return HASH_NAME.sub(rf"\1{HASH}", text).translate(KEPT)


class Processor(pcpp.Preprocessor):  # type: ignore[misc]  # pcpp has no types
    """pcpp, with kernel headers that are read here, and errors that are collected."""

    def __init__(self, folders: list[Path] | None) -> None:
        super().__init__()
        self.errors: list[str] = []
        self.files: list[str] = []
        self.remedy: str = ""
        for folder in folders or ():
            self.add_path(str(folder))
        self.add_path(OWN)
        self.rewrite_paths: list[object] = []  # show files as they were named
        self.readable: bool = folders is not None

    def on_error(self, file: str, line: int, message: str) -> None:
        """Keep what is wrong; the caller raises the first."""
        self.errors.append(f"{file}:{line}: {message}")

    def on_include_not_found(
        self,
        is_malformed: bool,
        is_system_include: bool,
        curdir: str,
        includepath: str,
    ) -> None:
        """Say which file is in none of the folders."""
        _ = is_system_include, curdir
        where = f"{self.lastdirective.source}:{self.lastdirective.lineno}"
        self.errors.append(
            f"{where}: {'an #include is malformed' if is_malformed else f'{includepath} is in none of the folders'}"
        )
        self.remedy = "name the folder that it is in (-I): for a board of the kernel, the kernel's include folder"
        raise pcpp.OutputDirective(pcpp.Action.IgnoreAndRemove)

    def on_file_open(self, is_system_include: bool, includepath: str) -> TextIO:
        """Read an included file, or one of the headers that pmport knows by heart."""
        _ = is_system_include
        if includepath.startswith(OWN):
            text = definitions(includepath.removeprefix(OWN).lstrip("/"))
            if not text:
                raise FileNotFoundError(includepath)
            return io.StringIO(text)
        path = Path(includepath)
        if not self.readable:
            raise FileNotFoundError(includepath)
        self.files.append(includepath)
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
        return io.StringIO(guarded(text))

    def on_comment(self, tok: Any) -> bool:
        """Comments are left out."""
        _ = tok
        return False

    def macro_expand_args(self, macro: Any, args: list[list[Any]]) -> list[Any]:
        """A macro's text with its arguments in their places; an empty one that is pasted leaves the other side."""
        parts = [[copy.copy(token)] for token in macro.value]
        args = [self.tokenstrip(list(arg)) for arg in args]
        for number, at in macro.str_patch:
            parts[at][0].value = self._quoted(args[number])
        if macro.variadic and not args[-1]:
            for at in macro.var_comma_patch:
                parts[at] = []
        expanded: dict[int, list[Any]] = {}
        for kind, number, at in macro.patch:
            if kind == "t":
                parts[at] = [copy.copy(token) for token in args[number]] or [self._nothing(macro.value[at])]
                continue
            if number not in expanded:
                expanded[number] = self.tokenstrip(self.expand_macros([copy.copy(token) for token in args[number]]))
            parts[at] = [copy.copy(token) for token in expanded[number]]
        return self._pasted([token for part in parts for token in part])

    def _quoted(self, tokens: list[Any]) -> str:
        """An argument as a string."""
        text = "".join(" " if token.type in self.t_WS else token.value for token in tokens)
        text = re.sub(" +", " ", text)
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'

    @staticmethod
    def _nothing(like: Any) -> Any:
        token = copy.copy(like)
        token.value = ""
        return token

    def _pasted(self, tokens: list[Any]) -> list[Any]:
        out: list[Any] = []
        joins = False
        for token in tokens:
            if token.type == self.t_DPOUND:
                joins = bool(out)
            elif joins:
                out[-1] = copy.copy(out[-1])
                out[-1].value += token.value
                out[-1].type = None
                joins = False
            else:
                out.append(token)
        return [made for token in out if token.value for made in self._lexed(token)]

    def _lexed(self, token: Any) -> list[Any]:
        """The token that two have become; or several, where they make none."""
        if token.type is not None:
            return [token]
        lexer = self.lexer.clone()
        lexer.input(token.value)
        made = []
        while found := lexer.token():
            made.append(copy.copy(token))
            made[-1].type, made[-1].value = found.type, found.value
        return made

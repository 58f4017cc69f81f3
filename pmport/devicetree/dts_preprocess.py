"""The C preprocessor before a device tree source, by the package ``pcpp``.

Kernel sources say ``#include <dt-bindings/…>`` and use its names. Properties that begin with ``#`` are kept away from the
preprocessor, which would take them for directives.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmport.devicetree.constants import definitions
from pmport.errors import FormatError

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["preprocess", "wants_preprocessing"]

DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(?:include|include_next|define|undef|if|ifdef|ifndef|else|elif|endif|error|warning|pragma|line)\b(?![,-])",
    re.MULTILINE,
)
HASH_NAME = re.compile(
    r"^([ \t]*)#(?![ \t]*(?:include|include_next|define|undef|if|ifdef|ifndef|else|elif|endif|error|warning|pragma|line)\b(?![,-])"
    r"|[ \t]*\d)",
    re.MULTILINE,
)
HASH = "\ue000"
"""Stands for ``#`` at the beginning of a property's name while the preprocessor runs; a letter of no alphabet."""
OWN = "/pmport's own constants"
"""Stands, as the last of the folders, for the headers that pmport knows by heart."""
FORMAT = "device tree source"


def wants_preprocessing(text: str) -> bool:
    """Whether a source has lines for the preprocessor.

    Args:
        text: The source.

    Returns:
        True where it has.
    """
    return DIRECTIVE.search(text) is not None


def preprocess(text: str, name: str, folders: list[Path] | None, define: Mapping[str, str]) -> tuple[str, list[str]]:
    """Run the preprocessor.

    Args:
        text: The source.
        name: Its file's name.
        folders: Where included files are looked for; None: none may be read. Of headers that are not found, those whose
            names pmport knows itself are taken from :mod:`pmport.devicetree.constants`.
        define: Macros: name → value.

    Returns:
        The text, with marks that say which file and line it comes from; and the files that were included.

    Raises:
        FormatError: If a file is missing, or a directive is wrong.
    """
    processor = _processor()(folders)
    for macro, value in {"__DTS__": "1", **define}.items():
        processor.define(f"{macro} {value}")
    processor.parse(HASH_NAME.sub(rf"\1{HASH}", text), name)
    out = io.StringIO()
    processor.write(out)
    if processor.errors:
        raise FormatError(processor.errors[0], format=FORMAT, remedy=processor.remedy)
    return out.getvalue().replace(HASH, "#"), processor.files


def _processor() -> Any:
    """The class, made when it is first needed: importing pcpp takes longer than compiling a board."""
    import pcpp  # noqa: PLC0415 - see above

    class Processor(pcpp.Preprocessor):  # type: ignore[misc]  # pcpp has no types
        """pcpp, with kernel headers that are read here, and errors that are collected."""

        def __init__(self, folders: list[Path] | None) -> None:
            super().__init__()
            self.errors: list[str] = []
            self.files: list[str] = []
            self.remedy = ""
            self.rewrite_paths: list[object] = []  # show files as they were named
            for folder in folders or ():
                self.add_path(str(folder))
            self.add_path(OWN)
            self.readable = folders is not None

        def on_error(self, file: str, line: int, message: str) -> None:
            self.errors.append(f"{file}:{line}: {message}")

        def on_include_not_found(
            self,
            is_malformed: bool,
            is_system_include: bool,
            curdir: str,
            includepath: str,
        ) -> None:
            _ = is_system_include, curdir
            where = f"{self.lastdirective.source}:{self.lastdirective.lineno}"
            self.errors.append(
                f"{where}: {'an #include is malformed' if is_malformed else f'{includepath} is in none of the folders'}"
            )
            self.remedy = "name the folder that it is in (-I): for a board of the kernel, the kernel's include folder"
            raise pcpp.OutputDirective(pcpp.Action.IgnoreAndRemove)

        def on_file_open(self, is_system_include: bool, includepath: str) -> TextIO:
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
            return io.StringIO(HASH_NAME.sub(rf"\1{HASH}", text))

        def on_comment(self, tok: Any) -> bool:
            _ = tok
            return False

    return Processor

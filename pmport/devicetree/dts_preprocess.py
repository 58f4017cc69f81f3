"""The C preprocessor before a device tree source, by the package ``pcpp``.

Kernel sources say ``#include <dt-bindings/…>`` and use its names. Properties that begin with ``#`` are kept away from the
preprocessor, which would take them for directives.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Mapping
from pathlib import Path

from pmport.errors import FormatError, MissingDependencyError

__all__ = ["preprocess", "wants_preprocessing"]

DIRECTIVE = re.compile(
    r"^[ \t]*#[ \t]*(?:include|include_next|define|undef|if|ifdef|ifndef|else|elif|endif|error|warning|pragma|line)\b(?![,-])",
    re.MULTILINE,
)
NO_TIME = "??? ??? ?? ??:??:?? ????"
"""What cpp says of a file without a time."""
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
        MissingDependencyError: If the package ``pcpp`` is not installed.
    """
    try:
        from pmport.devicetree.dts_macros import HASH, RESTORED, Processor, guarded  # noqa: PLC0415 - importing pcpp takes longer than compiling a board
    except ImportError as error:
        raise MissingDependencyError(
            f"{name} has lines for the C preprocessor, and those need the package pcpp",
            install="pip install pmport[dts], or pip install pcpp",
        ) from error

    processor = Processor(folders)
    for macro, value in {"__DTS__": "1", **_times(Path(name)), **define}.items():
        processor.define(f"{macro} {value}")
    out = io.StringIO()
    try:
        processor.parse(guarded(text), name)
        processor.write(out)
    except (IndexError, ValueError, AttributeError) as error:  # pcpp does so where a directive is cut short
        raise FormatError(f"The preprocessor cannot read a directive: {error}", format=FORMAT) from error
    if processor.errors:
        raise FormatError(processor.errors[0], format=FORMAT, remedy=processor.remedy)
    return out.getvalue().replace(HASH, "#").translate(RESTORED), processor.files


def _times(file: Path) -> dict[str, str]:
    """The macros that tell times, as cpp writes them: days below ten have a blank in front."""
    now = time.asctime()
    try:
        changed = time.asctime(time.localtime(file.stat().st_mtime))
    except OSError:
        changed = NO_TIME
    return {
        "__DATE__": f'"{now[4:10]} {now[20:]}"',
        "__TIME__": f'"{now[11:19]}"',
        "__TIMESTAMP__": f'"{changed}"',
    }

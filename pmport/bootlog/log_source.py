"""From a file to a log: text, or an archive that holds one, with the tree and the configuration that came with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.bootlog.lines import LogLine, read
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.devicetree import DeviceTree
    from pmport.formats.kernel.config import KernelConfig
    from pmport.section import Readable

__all__ = ["Log", "open_log"]

LIMIT = 64 << 20
"""Most bytes of text that are read; a kernel's own buffer has at most 32 MiB (LOG_BUF_SHIFT 25)."""


@dataclass(frozen=True)
class Log:
    """A log, and what came with it.

    Args:
        lines: Its lines.
        tree: The live tree of the phone, if it is there.
        config: The kernel's configuration, if it is there.
    """

    lines: tuple[LogLine, ...]
    tree: DeviceTree | None = None
    config: KernelConfig | None = None


def open_log(source: Readable, tree: DeviceTree | None = None) -> Log:
    """Find the log in a file.

    Args:
        source: The file, or its bytes.
        tree: The tree that the kernel booted with, if it is known.

    Returns:
        The log.

    Raises:
        FormatError: If it is an archive without a log, or a broken one.
    """
    del tree
    data = Section.of(source).read(limit=LIMIT)
    return Log(tuple(read(data.decode("utf-8", "surrogateescape"))))

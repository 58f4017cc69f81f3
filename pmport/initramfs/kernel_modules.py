"""A kernel's modules in a folder: what each needs, in the order in which they are loaded, and their firmware.

What a module needs stands in itself (``.modinfo``: ``depends``, ``softdep``, ``firmware``), so that no ``depmod`` has to
have run; ``modules.builtin`` tells what is no module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pmport.errors import FormatError, RecordError
from pmport.formats.streams.codecs import decompress, kind_of
from pmport.initramfs.elf import read_program
from pmport.section import Section

if TYPE_CHECKING:
    import os

__all__ = ["KernelModule", "KernelModules", "module_name"]

SUFFIX = re.compile(r"\.ko(\.(gz|xz|zst|bz2))?$")
MODULE_LIMIT = 64 << 20


def module_name(text: str) -> str:
    """A module's name as ``lsmod`` prints it.

    Args:
        text: A name or the path of a module's file.

    Returns:
        The name.

    Example:
        >>> module_name("kernel/drivers/usb/usb-storage.ko.xz")
        'usb_storage'
    """
    return SUFFIX.sub("", text.rsplit("/", 1)[-1]).replace("-", "_")


@dataclass(frozen=True)
class KernelModule:
    """One module.

    Args:
        name: As ``lsmod`` prints it.
        path: Below the kernel's folder, without the compression's suffix.
        data: The module, decompressed.
        machine: ``e_machine`` of its ELF header.
        needs: Modules that it cannot be loaded without.
        before: Modules that want to be loaded before it, where they are there.
        firmware: Files that it asks for.
    """

    name: str
    path: str
    data: Section
    machine: int
    needs: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    firmware: tuple[str, ...] = ()


class KernelModules:
    """The modules of one kernel.

    Args:
        folder: ``/lib/modules/<version>``, or a root with that of one version in it.

    Raises:
        RecordError: If there is none, or there are several.

    Attributes:
        folder: The version's folder.
        version: ``uname -r`` of the kernel.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = _version_folder(Path(folder))
        self.version = self.folder.name

    @cached_property
    def files(self) -> dict[str, Path]:
        """Name → file."""
        root = self.folder
        found = (path for path in sorted(root.rglob("*.ko*")) if SUFFIX.search(path.name) and path.is_file())
        return {module_name(path.name): path for path in found}

    @cached_property
    def builtin(self) -> frozenset[str]:
        """Names of what is part of the kernel's image."""
        listed = self.folder / "modules.builtin"
        text = listed.read_text(encoding="utf-8", errors="replace") if listed.is_file() else ""
        return frozenset(module_name(line) for line in text.splitlines())

    def module(self, name: str) -> KernelModule:
        """Read one module.

        Args:
            name: Its name.

        Returns:
            The module.

        Raises:
            RecordError: If there is none of that name.
            FormatError: If its file is damaged.
        """
        path = self.files.get(module_name(name))
        if path is None:
            raise RecordError(f"Linux {self.version} has no module {name!r}", file=str(self.folder))
        raw = Section.of(path.read_bytes())
        try:
            packed = kind_of(raw.read(0, 16)) is not None
            data = Section.of(decompress(raw, limit=MODULE_LIMIT)) if packed else raw
            program = read_program(data)
        except FormatError as error:
            raise FormatError(f"{path}: {error.what}", format=error.format, field=error.field) from None
        said: dict[str, list[str]] = {}
        for line in program.strings(".modinfo"):
            key, _, value = line.partition("=")
            said.setdefault(key, []).append(value)
        return KernelModule(
            module_name(path.name),
            SUFFIX.sub(".ko", path.relative_to(self.folder).as_posix()),
            data,
            program.machine,
            tuple(module_name(one) for text in said.get("depends", ()) for one in text.split(",") if one),
            tuple(_before(said.get("softdep", ()))),
            tuple(said.get("firmware", ())),
        )

    def load_order(self, names: Iterable[str]) -> tuple[tuple[KernelModule, ...], tuple[str, ...]]:
        """Modules with all that they need, each behind what it needs.

        Args:
            names: The wanted ones, in the order in which they are wanted.

        Returns:
            ``(modules, names that are neither module nor built in)``.

        Raises:
            FormatError: If a module's file is damaged.
        """
        order: dict[str, KernelModule] = {}
        missing: dict[str, None] = {}
        begun: set[str] = set()
        waiting = [(module_name(name), False, True) for name in reversed(list(names))]
        while waiting:
            name, done, wanted = waiting.pop()
            if done:
                order[name] = self._read[name]
                continue
            if name in begun or name in self.builtin:
                continue
            if name not in self.files:
                if wanted:
                    missing[name] = None
                continue
            begun.add(name)
            module = self._read[name] = self.module(name)
            waiting.append((name, True, True))
            waiting += [(need, False, True) for need in reversed(module.needs)]
            waiting += [(need, False, False) for need in reversed(module.before)]
        return tuple(order.values()), tuple(missing)

    @cached_property
    def _read(self) -> dict[str, KernelModule]:
        return {}


def _before(lines: Iterable[str]) -> Iterable[str]:
    """Names behind ``pre:`` of soft dependencies."""
    for line in lines:
        kind = ""
        for word in line.split():
            if word.endswith(":"):
                kind = word
            elif kind == "pre:":
                yield module_name(word)


def _version_folder(folder: Path) -> Path:
    if (folder / "kernel").is_dir() or (folder / "modules.builtin").is_file():
        return folder
    for root in (folder / "lib/modules", folder / "usr/lib/modules", folder):
        versions = [path for path in sorted(root.glob("*")) if (path / "kernel").is_dir()] if root.is_dir() else []
        if len(versions) == 1:
            return versions[0]
        if versions:
            names = ", ".join(path.name for path in versions)
            raise RecordError(f"{root} holds the modules of several kernels", remedy=f"Name one of them: {names}")
    raise RecordError(f"{folder} holds no kernel's modules", remedy="Name the folder lib/modules/<version>")

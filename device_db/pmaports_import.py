"""Records from a pmaports checkout: deviceinfo and APKBUILD of every device package, read without running a shell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pmport.device_db.port_record import record, with_known
from pmport.device_db.record_files import codenames, load
from pmport.errors import RecordError
from pmport.formats.reports.deviceinfo import DeviceInfo

if TYPE_CHECKING:
    from pathlib import Path

    from pmport.device_db.device import Device

__all__ = ["Apkbuild", "read_checkout", "read_package"]

ASSIGNMENT = re.compile(r"""^(\w+)=(?:"([^"]*)"|'([^']*)'|([^\s"';#]*))""", re.MULTILINE)
FUNCTION = re.compile(r"^(\w+)\(\)\s*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
INSIDE = re.compile(r"""^\s*(\w+)=(?:"([^"]*)"|'([^']*)'|([^\s"';#]*))""", re.MULTILINE)
REFERENCE = re.compile(r"\$(?:(\w+)|\{(\w+)(?:%%?[^}]*|##?[^}]*|/[^}]*)?\})")
ARCHIVED = re.compile(r"^# Archived: (.+?)\s*$", re.MULTILINE)
FIRMWARE = ("firmware-", "linux-firmware")
NO_KERNEL = ("linux-firmware", "linux-headers", "linux-pam")


@dataclass(frozen=True)
class Apkbuild:
    """What an APKBUILD assigns at its top, and in each of its functions.

    Args:
        variables: Name → value, references to earlier variables replaced.
        functions: Function → its assignments.
    """

    variables: Mapping[str, str]
    functions: Mapping[str, Mapping[str, str]]

    @classmethod
    def parse(cls, text: str) -> Apkbuild:
        r"""Read an APKBUILD.

        Args:
            text: Its text.

        Returns:
            Its assignments. Nothing is run: what a shell would compute stays as it is written.

        Example:
            >>> Apkbuild.parse('pkgname=device-a-b\nsubpackages="$pkgname-kernel-x:kernel_x"\n').words("subpackages")
            ('device-a-b-kernel-x:kernel_x',)
        """
        bodies = {match[1]: match[2] for match in FUNCTION.finditer(text)}
        variables: dict[str, str] = {}
        for match in ASSIGNMENT.finditer(FUNCTION.sub("", text)):
            variables[match[1]] = _expanded(match[2] or match[3] or match[4] or "", variables)
        functions = {
            name: {
                match[1]: _expanded(match[2] or match[3] or match[4] or "", variables)
                for match in INSIDE.finditer(body)
            }
            for name, body in bodies.items()
        }
        return cls(variables, functions)

    def words(self, name: str, function: str = "") -> tuple[str, ...]:
        """The words of a variable.

        Args:
            name: The variable.
            function: The function that assigns it; "": the top.

        Returns:
            Its words; none where it is not assigned.
        """
        table = self.functions.get(function, {}) if function else self.variables
        return tuple(table.get(name, "").split())

    def all_words(self, name: str) -> set[str]:
        """The words of a variable, at the top and in every function.

        Args:
            name: The variable.

        Returns:
            Its words.
        """
        return {*self.words(name), *(word for function in self.functions for word in self.words(name, function))}


def _expanded(text: str, known: Mapping[str, str]) -> str:
    return REFERENCE.sub(lambda match: known.get(match[1] or match[2] or "", match[0]), text)


def _bare(name: str) -> str:
    """A dependency without its version."""
    return re.split(r"[<>=~]", name, maxsplit=1)[0]


def _is_kernel(name: str) -> bool:
    return name.startswith("linux-") and not name.startswith(NO_KERNEL)


def read_package(folder: Path) -> Device:
    """One device package.

    Args:
        folder: ``device-<codename>``, with a deviceinfo and an APKBUILD.

    Returns:
        The record.

    Raises:
        RecordError: If the deviceinfo has a key or value that has no place.
        FormatError: If it is no plain deviceinfo.
    """
    info = DeviceInfo.parse((folder / "deviceinfo").read_bytes())
    text = (folder / "APKBUILD").read_text(encoding="utf-8", errors="replace")
    package = Apkbuild.parse(text)
    archived = ARCHIVED.search(text)
    codename = folder.name.removeprefix("device-")
    depends = package.words("depends")
    row: dict[str, Any] = {
        "category": folder.parent.name,
        "deviceinfo": dict(info),
        "apkbuild": {"depends": depends},
        "kernels": [name for name in depends if _is_kernel(name)],
        "kernel_variants": dict(_variants(package, codename, folder)),
        "lk2nd": [name for name in depends if name.startswith("lk2nd")],
        "firmware": sorted({_bare(name) for name in package.all_words("depends") if name.startswith(FIRMWARE)}),
        "subpackages": [word for word in package.words("subpackages") if "-kernel-" not in word.partition(":")[0]],
        "install": package.words("install"),
        "archived": archived[1] if archived else "",
        "modules_initfs": _lines(folder / "modules-initfs"),
        "cmdline": _lines(folder / "kernel-cmdline.conf"),
        "files": sorted(path.name for path in folder.iterdir()),
    }
    return record(codename, row, {})


def _lines(path: Path) -> tuple[str, ...]:
    """The entries of ``modules-initfs`` or ``kernel-cmdline.conf``: one a line; lines that begin with ``#`` are comments."""
    if not path.is_file():
        return ()
    lines = (line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


def _variants(package: Apkbuild, codename: str, folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    prefix = f"device-{codename}-kernel-"
    for word in package.words("subpackages"):
        subpackage, _, function = word.partition(":")
        if subpackage.startswith(prefix):
            name = subpackage.removeprefix(prefix)
            function = function.partition(":")[0] or subpackage.rpartition("-")[2]
            suffix = name.replace("-", "_")
            yield (
                name,
                {
                    "desc": package.functions.get(function, {}).get("pkgdesc", ""),
                    "kernels": [item for item in package.words("depends", function) if _is_kernel(item)],
                    "modules_initfs": _lines(folder / f"modules-initfs.{suffix}"),
                    "cmdline": _lines(folder / f"kernel-cmdline.{suffix}.conf"),
                },
            )


def read_checkout(folder: Path) -> Iterator[tuple[str, Device | RecordError]]:
    """Every device package of a pmaports checkout.

    Args:
        folder: The checkout.

    Yields:
        ``(codename, record)``: with what the record of that codename knows besides, where there is one; for a package that cannot be read, what is wrong with it.

    Raises:
        RecordError: If the folder is no checkout.
    """
    packages = sorted(folder.glob("device/*/device-*/deviceinfo"), key=lambda path: path.parent.name)
    if not packages:
        raise RecordError(
            "There is no device/*/device-*/deviceinfo below it", file=str(folder), remedy="Name a pmaports checkout"
        )
    for path in packages:
        codename = path.parent.name.removeprefix("device-")
        try:
            device = read_package(path.parent)
            yield codename, with_known(device, load(codename)) if codename in codenames() else device
        except (RecordError, ValueError) as error:
            yield codename, RecordError(str(error), file=str(path))

"""The records on the disk: one TOML file per device, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.device_db.device import Device, Soc
from pmport.device_db.record_folders import added, per_record_set, shipped
from pmport.device_db.toml_reader import read_toml
from pmport.errors import RecordError, UnknownDeviceError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["codenames", "load", "load_soc", "parse", "record_file", "records"]

CODENAME = re.compile(r"[a-z0-9]+-[a-z0-9._-]+")


@per_record_set
def codenames() -> tuple[str, ...]:
    """Every device that has a record.

    Returns:
        Codenames, sorted; no record is read.
    """
    names = {entry.name for folder in (shipped("devices"), *added()) for entry in folder.iterdir()}
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def record_file(codename: str) -> Traversable:
    """The file of a record, whether it is there or not.

    Args:
        codename: ``<vendor>-<name>``.

    Returns:
        The file in the folder that was added last and has it; else the one that ships.
    """
    name = f"{codename}.toml"
    return next((path for folder in added() if (path := folder / name).is_file()), shipped("devices") / name)


def parse(text: str, file: str = "") -> Device:
    """Read a record from its text.

    Args:
        text: TOML.
        file: Its name, for errors; its stem must be the codename.

    Returns:
        The device.

    Raises:
        RecordError: For whatever is wrong with it.
    """
    device = read_toml(Device, text, file)
    if not CODENAME.fullmatch(device.codename):
        raise RecordError(f"{device.codename!r} is not <vendor>-<name> in lower case", file=file, key="codename")
    stem = file.rpartition("/")[2].removesuffix(".toml")
    if stem and stem not in {device.codename, "EXAMPLE"}:
        raise RecordError(
            f"{device.codename!r} is not the file's name", file=file, key="codename", remedy="Rename one of them"
        )
    return device


def load(codename: str) -> Device:
    """Read one record; no other is touched.

    Args:
        codename: ``<vendor>-<name>``.

    Returns:
        The device.

    Raises:
        UnknownDeviceError: If there is none of that name; suggests near ones.
        RecordError: If the record is broken.

    Example:
        >>> load("nokia-n900").flash.method
        '0xffff'
    """
    if not CODENAME.fullmatch(codename) or not (entry := record_file(codename)).is_file():
        from difflib import get_close_matches  # noqa: PLC0415 - only after a mistake

        raise UnknownDeviceError(codename, tuple(get_close_matches(codename, codenames())))
    return parse(entry.read_text(encoding="utf-8"), entry.name)


def load_soc(name: str) -> Soc:
    """Read what the devices of one system on chip share.

    Args:
        name: ``msm8916``.

    Returns:
        The facts.

    Raises:
        UnknownDeviceError: If there are none.
    """
    entry = shipped("socs") / f"{name}.toml"
    if not re.fullmatch(r"[a-z0-9_-]+", name) or not entry.is_file():
        raise UnknownDeviceError(name)
    return read_toml(Soc, entry.read_text(encoding="utf-8"), entry.name)


def records() -> Iterator[Device]:
    """Every record, read one after the other.

    Yields:
        Devices, in the order of their codenames.
    """
    return (load(codename) for codename in codenames())

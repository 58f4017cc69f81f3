"""The index: what all records can be found by, one line each, so that finding reads no record that it knows.

A line counts only as long as its record, and the record of its chip, are the bytes that it was made from; a record that
is new or was changed is read itself. So a device is one TOML file and nothing else, and branches that add devices merge.
``python -m pmport.device_db.search_index device_db`` writes the lines anew, which keeps finding fast.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmport.device_db.record_files import codenames, load_soc, parse, record_file
from pmport.device_db.record_folders import added, per_record_set
from pmport.errors import UnknownDeviceError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from pmport.device_db.device import Device

__all__ = ["FILE", "IndexRow", "build", "rows", "stamped_rows"]

FILE = "index.jsonl"


@dataclass(frozen=True, slots=True)
class IndexRow:
    """What one record can be found by; the fields mean what they mean in :class:`~pmport.device_db.Device`.

    ``chip_names`` is what its chip is sold as.
    """

    codename: str
    name: str
    manufacturer: str
    year: int | None
    arch: str
    chassis: str
    category: str
    soc: str
    other_socs: tuple[str, ...]
    method: str
    chip_names: tuple[str, ...]
    compatible: tuple[str, ...]
    models: tuple[str, ...]
    model_numbers: tuple[str, ...]
    aliases: tuple[str, ...]
    android_devices: tuple[str, ...]
    dtb: tuple[str, ...]
    qcom_msm_id: tuple[tuple[int, ...], ...]
    qcom_board_id: tuple[tuple[int, ...], ...]
    products: tuple[str, ...]
    addresses: tuple[int | None, ...]
    page_size: int | None

    @classmethod
    def of(cls, device: Device) -> IndexRow:
        """The row of a record.

        Args:
            device: The record.

        Returns:
            Its row.
        """
        same = (
            "codename",
            "name",
            "manufacturer",
            "year",
            "arch",
            "chassis",
            "category",
            "soc",
            "other_socs",
            "compatible",
            "models",
            "model_numbers",
            "aliases",
            "android_devices",
        )
        trees = dict.fromkeys((*device.dtb, *(tree for variant in device.variants.values() for tree in variant.dtb)))
        addresses = device.boot.addresses
        return cls(
            **{name: getattr(device, name) for name in same},
            method=device.flash.method,
            chip_names=tuple(name for soc in (device.soc, *device.other_socs) for name in _chip_names(soc)),
            dtb=tuple(trees),
            qcom_msm_id=device.qcom_msm_id,
            qcom_board_id=device.qcom_board_id,
            products=device.flash.products,
            addresses=(addresses.kernel, addresses.ramdisk, addresses.tags),
            page_size=device.boot.page_size,
        )


def _chip_names(soc: str) -> tuple[str, ...]:
    """What a chip is sold as."""
    try:
        return load_soc(soc).marketing_names
    except UnknownDeviceError:
        return ()


def build(devices: Iterable[Device]) -> str:
    """Make the index.

    Args:
        devices: All records.

    Returns:
        Its text, the same for the same records: the names of the fields, then a line for each record with its stamp.
    """
    lines: list[list[object]] = [list(_FIELDS)]
    folder = files(__package__) / "devices"
    for device in devices:
        row = IndexRow.of(device)
        lines.append([_stamp((folder / f"{device.codename}.toml").read_bytes(), row), *asdict(row).values()])
    return "".join(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in lines)


@per_record_set
def rows() -> tuple[IndexRow, ...]:
    """What all records can be found by.

    Returns:
        One row per record, in the order of the codenames.

    Raises:
        RecordError: If a record that the index does not know is broken.
    """
    known = stamped_rows()
    folder = files(__package__) / "devices"
    found = []
    for codename in codenames():
        stamp, row = known.get(codename, (None, None))
        record = record_file(codename).read_bytes() if added() else _read(folder, f"{codename}.toml")
        if row is None or stamp != _stamp(record, row):
            row = IndexRow.of(parse(record.decode("utf-8"), f"{codename}.toml"))
        found.append(row)
    return tuple(found)


def stamped_rows() -> dict[str, tuple[int, IndexRow]]:
    """The lines of the index that comes with pmport, whether they still count or not.

    Returns:
        Codename → stamp and row; none where the index has other fields, or is not there.
    """
    try:
        names, *lines = (files(__package__) / FILE).read_text(encoding="utf-8").splitlines()
        if tuple(json.loads(names)) != _FIELDS:
            return {}
        values = json.loads(f"[{','.join(lines)}]")
        table = [(stamp, IndexRow(*map(_frozen, row))) for stamp, *row in values]
    except (FileNotFoundError, ValueError, TypeError):  # a merge may have left anything
        return {}
    return {row.codename: (stamp, row) for stamp, row in table}


_FIELDS = ("stamp", *(field.name for field in fields(IndexRow)))


def _read(folder: Traversable, name: str) -> bytes:
    """All of a file; a thousand of them take a third of the time without a path object and a buffer for each."""
    if not isinstance(folder, Path):
        return (folder / name).read_bytes()
    with open(f"{folder}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - see above
        return file.read()


def _stamp(record: bytes, row: IndexRow) -> int:
    """What tells whether a record, and those of its chips, are as they were."""
    stamp = zlib.crc32(record)
    for soc in (row.soc, *row.other_socs):
        stamp = zlib.crc32(_soc(soc), stamp)
    return stamp


@cache
def _soc(name: str) -> bytes:
    try:
        return (files(__package__) / "socs" / f"{name}.toml").read_bytes()
    except FileNotFoundError:
        return b""


def _frozen(value: Any) -> Any:
    """A list, or a list of lists, as tuples."""
    if not isinstance(value, list):
        return value
    return tuple(map(tuple, value)) if value and isinstance(value[0], list) else tuple(value)


if __name__ == "__main__":
    from pmport.device_db.record_files import records

    (Path(sys.argv[1]) / FILE).write_text(build(records()), encoding="utf-8")

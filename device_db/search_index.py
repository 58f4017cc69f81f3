"""The prebuilt index: what all records can be found by, in one compressed file, so that finding reads no record.

``python -m pmport.device_db.search_index device_db`` makes it anew; a test holds it against the records.
"""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pmport.device_db.record_files import load_soc
from pmport.errors import UnknownDeviceError

if TYPE_CHECKING:
    from pmport.device_db.device import Device

__all__ = ["FILE", "IndexRow", "build", "rows"]

FILE = "index.json.z"
LEVEL = 9


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


def build(devices: Iterable[Device]) -> bytes:
    """Make the index.

    Args:
        devices: All records.

    Returns:
        The bytes of its file; the same for the same records.
    """
    table = [list(asdict(IndexRow.of(device)).values()) for device in devices]
    return zlib.compress(json.dumps(table, separators=(",", ":")).encode(), LEVEL)


@lru_cache(maxsize=1)
def rows() -> tuple[IndexRow, ...]:
    """The index that comes with pmport.

    Returns:
        One row per record, in the order of the codenames.
    """
    table = json.loads(zlib.decompress((files(__package__) / FILE).read_bytes()))
    return tuple(IndexRow(*(_frozen(value) for value in row)) for row in table)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


if __name__ == "__main__":
    from pmport.device_db.record_files import records

    (Path(sys.argv[1]) / FILE).write_bytes(build(records()))

"""One record over another: what a person wrote over what was drafted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from pmport.device_db.deviceinfo_keys import from_deviceinfo

if TYPE_CHECKING:
    from pmport.device_db.device import Device

__all__ = ["answered", "merged"]


def merged(device: Device, over: Device) -> Device:
    """Put a record over another.

    Args:
        device: The record below.
        over: The record above; of it, whatever is not as it is where nothing is said.

    Returns:
        A new record.

    Example:
        >>> from pmport.device_db import Device
        >>> merged(Device("acme-argon", name="Argon", year=2018), Device("acme-argon", name="Acme Argon")).name
        'Acme Argon'
    """
    result: Device = _over(device, over)
    return result


def answered(device: Device, answers: Mapping[str, str]) -> Device:
    """A record with answers to questions of a draft.

    Args:
        device: The record.
        answers: Key of deviceinfo → value as a deviceinfo writes it; see :class:`~pmport.device_db.Question`.

    Returns:
        A new record.

    Raises:
        RecordError: If an answer is not what its key takes.

    Example:
        >>> from pmport.device_db import Device
        >>> answered(Device("acme-argon"), {"screen_width": "1080", "year": "2018"}).display.width
        1080
    """
    base = device.boot.addresses.base
    offsets_count_from = {} if base is None else {"flash_offset_base": f"{base:#010x}"}
    return merged(device, from_deviceinfo({"codename": device.codename, **offsets_count_from, **answers}))


def _over(below: Any, above: Any) -> Any:
    changed = {}
    for item in fields(below):
        own, other = getattr(below, item.name), getattr(above, item.name)
        if other == _default(item):
            continue
        if is_dataclass(own) and type(own) is type(other):
            changed[item.name] = _over(own, other)
        elif isinstance(own, Mapping) and isinstance(other, Mapping):
            changed[item.name] = {**own, **other}
        else:
            changed[item.name] = other
    return replace(below, **changed)


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return item.default_factory() if item.default_factory is not MISSING else MISSING

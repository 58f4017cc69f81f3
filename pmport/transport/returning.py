"""A phone that was told to restart leaves, now or in a while, and comes back: the same one is found again.

On USB a device that was plugged in again has another address, however short it was away; so what has the old address has not
left yet. Its port (path) and its serial number tell which one it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from pmport.errors import DeviceGoneError, NoDeviceError, TransportError

if TYPE_CHECKING:
    from pmport.transport.base import Waited
    from pmport.transport.usb import UsbDevice

__all__ = ["connected_again", "is_same_phone", "wait_for_return"]

T = TypeVar("T")

POLL_SECONDS = 0.05
"""How often it is looked for."""
NETWORK_POLL_SECONDS = 0.5
LEAVES_WITHIN = 2.5
"""Seconds in which a phone on a network has surely stopped answering, where nothing shows that it left."""
ENTER_AGAIN = "look at its screen; switch it into that mode by its keys, and run the plan again from this step"


def is_same_phone(before: UsbDevice, found: UsbDevice) -> bool:
    """Whether a device is the phone that was there before, perhaps in another mode.

    Args:
        before: The phone.
        found: A device that came to the bus since.

    Returns:
        True where it has the same port, or the same serial number at another one; not where both have serial numbers
        and they differ.
    """
    if before.serial and found.serial:
        return before.serial == found.serial
    return before.path == found.path


def wait_for_return(
    before: UsbDevice,
    look: Callable[[], list[UsbDevice]],
    *,
    timeout: float,
    waited: Waited | None = None,
    mode: str = "",
) -> UsbDevice:
    """Wait until a phone has left the bus and is on it again.

    Args:
        before: The phone.
        look: Lists the devices of its flash method.
        timeout: Seconds for both.
        waited: Told what is waited for.
        mode: The mode that it is to be in; "": any of its method.

    Returns:
        The phone.

    Raises:
        NoDeviceError: If it does not leave, does not come back, or if another one came to its port.
    """
    end = time.monotonic() + timeout
    others: set[tuple[str, int]] | None = None
    left, stranger = False, ""
    if waited is not None:
        waited("the phone to restart", timeout)
    while True:
        there = look()
        if others is None:
            others = {item.place for item in there if item.path != before.path}
        left = left or all(item.place != before.place for item in there)
        came = [item for item in there if item.place != before.place and item.place not in others]
        same = [item for item in came if is_same_phone(before, item) and (not mode or (item.mode and item.mode.name == mode))]  # fmt: skip
        same = [item for item in same if item.path == before.path] or same
        if len(same) == 1:
            return same[0]
        stranger = next((item.serial or item.path for item in came if item.path == before.path), "")
        if time.monotonic() >= end:
            raise NoDeviceError(
                _reason(before, timeout, left=left, stranger=stranger), device=before.path, remedy=ENTER_AGAIN
            )
        time.sleep(POLL_SECONDS)


def _reason(before: UsbDevice, timeout: float, *, left: bool, stranger: str) -> str:
    who = f"The phone {before.serial or before.path}"
    if stranger:
        return f"{who} left, and another one ({stranger}) came to its port {before.path}"
    if not left:
        return f"{who} was told to restart, and did not leave in {timeout:g} s"
    return f"{who} left, and did not come back in {timeout:g} s"


def connected_again(connect: Callable[[], T], name: str, *, timeout: float, waited: Waited | None = None) -> T:
    """Connect to a phone on a network until it answers.

    Args:
        connect: Tries once.
        name: The connection's name.
        timeout: Seconds.
        waited: Told what is waited for.

    Returns:
        The connection.

    Raises:
        NoDeviceError: If it does not answer in time.
    """
    end = time.monotonic() + timeout
    if waited is not None:
        waited("the phone to restart", timeout)
    time.sleep(min(LEAVES_WITHIN, timeout))  # one that still answers has not left yet
    while True:
        try:
            return connect()
        except (NoDeviceError, DeviceGoneError, TransportError) as error:
            if time.monotonic() >= end:
                raise NoDeviceError(
                    f"{name} did not answer again in {timeout:g} s", device=name, remedy=ENTER_AGAIN
                ) from error
        time.sleep(NETWORK_POLL_SECONDS)

"""The options of every command that speaks to a phone, and how that phone is found."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

import click

from pmport.cli import completing
from pmport.errors import NoDeviceError

if TYPE_CHECKING:
    from pmport.events import OnEvent

__all__ = ["phone_options", "size_of"]

F = TypeVar("F", bound=Callable[..., Any])
SERIAL_VARIABLES = ("FASTBOOT_DEVICE", "ANDROID_SERIAL")
"""Which phone in fastboot mode is meant where nothing names one; the first that is set counts, as AOSP has it."""
WAITS = ("answer", "data", "work", "part", "control", "flash")
"""Fields of the flashers' settings that are waits for an answer."""
UNITS = {"": 0, "K": 10, "M": 20, "G": 30}


def phone_options(command: F) -> F:
    """Add ``--device``, ``--wait``, ``--timeout``, ``--virtual`` and ``--log``: which phone is meant, and what is kept.

    Args:
        command: The function; it gets ``connect``, a function from ``on_event`` and a flash method to an open flasher;
            without a method it takes that of the phone that is on the cable.

    Returns:
        The decorated function.
    """

    @click.option(
        "--device",
        default="",
        metavar="NAME",
        shell_complete=completing.devices,
        help="Serial number, usb:1-4 path, tcp:host[:port] or udp:host[:port].",
    )
    @click.option("--wait", type=float, default=0.0, metavar="SECONDS", help="Wait so long until it is plugged in.")
    @click.option("--timeout", type=float, metavar="SECONDS", help="Wait so long for each answer of the phone.")
    @click.option(
        "--virtual",
        metavar="PHONE",
        shell_complete=completing.phones,
        help="Practise on a virtual phone: `pmport virtual phones` lists them.",
    )
    @click.option("--log", metavar="FILE", type=click.File("w"), help="Write down all that goes over the cable.")
    @wraps(command)
    def with_phone(
        device: str, wait: float, timeout: float | None, virtual: str | None, log: TextIO | None, **options: Any
    ) -> Any:
        def connect(on_event: OnEvent, method: str = "fastboot") -> Any:
            import pmport  # noqa: PLC0415 - only when a phone is spoken to

            backend = _bus(virtual)
            method = method or _method(device, backend)
            flasher = pmport.flashers.open(
                method,
                device=device or (_serial(virtual) if method == "fastboot" else ""),
                timeout=wait,
                backend=backend,
                on_event=on_event,
                record=log,
                raw=bool(options.get("raw")),
            )
            if timeout is not None:
                _be_patient(flasher, timeout)
            return flasher

        connect.method = lambda: _method(device, _bus(virtual))  # type: ignore[attr-defined]  # a function with one more answer
        return command(connect=connect, **options)

    return with_phone  # type: ignore[return-value]  # click replaces the signature


def size_of(text: str) -> int:
    """A size as people write it.

    Args:
        text: Bytes, or with K, M or G for powers of 1024.

    Returns:
        Bytes.

    Raises:
        BadParameter: If it is none, or less than a sparse piece can be.

    Example:
        >>> size_of("64M"), size_of("1048576")
        (67108864, 1048576)
    """
    match = re.fullmatch(r"([0-9]{1,15})\s*([KMG]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    size = int(match[1]) << UNITS[match[2].upper()] if match else 0
    if size < 1 << 16:
        raise click.BadParameter(f"{text!r} is no size of 64K or more", param_hint="--sparse-limit")
    return size


def _serial(virtual: str | None) -> str:
    """The phone that the environment names; never for a virtual one."""
    return "" if virtual else next(filter(None, map(os.environ.get, SERIAL_VARIABLES)), "")


def _be_patient(flasher: Any, seconds: float) -> None:
    """Use one wait for all answers, whatever the protocol."""
    for owner, name in ((flasher.client, "timeouts"), (flasher.client, "settings")):
        settings = getattr(owner, name, None)
        if settings is not None:
            known = {field.name for field in fields(settings)}
            setattr(owner, name, replace(settings, **{wait: seconds for wait in WAITS if wait in known}))


def _method(device: str, backend: Any) -> str:
    """How the phone on the cable is flashed; fastboot where none is there, which then says so."""
    from pmport.transport import usb_devices  # noqa: PLC0415 - as above

    if device.startswith(("tcp:", "udp:")):
        return "fastboot"
    there = [item for item in usb_devices(backend=backend, serials=bool(device)) if item.mode and item.mode.method]
    fitting = [item for item in there if not device or item.named(device)]
    methods = {item.mode.method for item in fitting if item.mode}
    if len(methods) > 1:
        raise NoDeviceError(
            f"There are phones of {len(methods)} kinds on the cable: "
            + ", ".join(f"{item.path} ({item.mode.name})" for item in fitting if item.mode),
            state="None was spoken to", remedy="Name one with --device",
        )  # fmt: skip
    return methods.pop() if methods else "fastboot"


def _bus(phone: str | None) -> Any:
    if phone is None:
        return None
    from pmport.virtual import PHONES, PyusbBackend  # noqa: PLC0415 - only to practise

    if phone not in PHONES:
        raise click.BadParameter(f"{phone} is none of {', '.join(PHONES)}", param_hint="--virtual")
    return PyusbBackend(PHONES[phone].make())

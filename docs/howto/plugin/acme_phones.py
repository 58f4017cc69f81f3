"""Acme's bootloader: fastboot, but it wants to be greeted first. And a virtual phone that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.flashers import FastbootFlasher
from pmport.transport import UsbTransport, wait_for_device
from pmport.virtual import FastbootPhone, Phone

if TYPE_CHECKING:
    from pmport.events import OnEvent
    from pmport.transport import Transport


class AcmeFlasher(FastbootFlasher):
    """The flasher for ``flash_method = "acme-loader"``."""

    method = "acme-loader"

    @staticmethod
    def connect(device: str, timeout: float | None, backend: object, on_event: OnEvent) -> Transport:
        """Find the phone: it shows itself as any phone in fastboot mode does.

        Args:
            device: Serial number or path; "": there must be one only.
            timeout: Seconds to wait for it.
            backend: pyusb backend; a virtual phone brings its own.
            on_event: Told what is waited for.

        Returns:
            The connection.
        """
        del on_event
        return UsbTransport(wait_for_device("fastboot", name=device, timeout=timeout, backend=backend))


ARGON = Phone("an Acme Argon", "fastboot", lambda faults: (FastbootPhone("lk", faults=faults),))

"""What every transport offers. Flashers know nothing else of the cable, so that a test, a recording or a virtual phone can stand in."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from pmport.errors import TransportError

if TYPE_CHECKING:
    from array import array

    from pmport.transport.usb import UsbDevice, UsbInterface

__all__ = ["Choose", "Transport", "Waited"]

Choose = Callable[["UsbDevice"], "UsbInterface"]
"""Which interface of a device is spoken to."""
Waited = Callable[[str, float], None]
"""Told what is waited for, and for how many seconds at the most."""


@runtime_checkable
class Transport(Protocol):
    """A connection to one device. What only some connections can do has a default here, which says so or does nothing."""

    transfer_size: int = 0
    """Bytes per transfer at the most; 0 where a message is sent whole. A flasher may lower it for a phone that needs it."""

    @property
    def name(self) -> str:
        """What a person calls it: ``usb:1-4``, ``tcp:host:5554``."""
        ...

    @property
    def device(self) -> UsbDevice | None:
        """The USB device behind it; None where there is none."""
        return None

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send all of some bytes.

        Args:
            data: The bytes; never empty.
            timeout: Seconds for each transfer that they take; None: for ever.

        Raises:
            DeadlineError: If the device did not take them in time; ``bytes_sent`` says how many it took.
            DeviceGoneError: If it is not there any more.
            TransportError: For any other trouble.
        """
        ...

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive one message, or the next part of a stream.

        Args:
            size: Bytes at the most.
            timeout: Seconds; None: for ever.

        Returns:
            What came; at least one byte, unless the device sent an empty packet.

        Raises:
            DeadlineError: If nothing came in time.
            DeviceGoneError: If the device is not there any more.
            TransportError: For any other trouble.
        """
        ...

    def close(self) -> None:
        """Let go of the device; closing twice does nothing."""
        ...

    def drain(self) -> None:
        """Throw away what the device still had to say to whoever spoke to it before; nothing where each connection is new."""
        return

    def write_empty(self, timeout: float | None) -> None:
        """Send a zero-length packet, which ends a transfer of whole packets; nothing where there are no packets.

        Args:
            timeout: Seconds.
        """
        del timeout

    def reset(self) -> None:
        """Reset the port, where there is one; the device keeps its address."""
        return

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes | int = b"",
        timeout: float = 1,
    ) -> bytes:
        """One control transfer.

        Args:
            request_type: bmRequestType.
            request: bRequest.
            value: wValue.
            index: wIndex.
            data: What to send, or how many bytes to receive.
            timeout: Seconds.

        Returns:
            What came; empty for transfers to the device.

        Raises:
            TransportError: If the connection is no USB cable.
        """
        del request_type, request, value, index, data, timeout
        raise TransportError(
            f"{self.name} has no control transfers", device=self.name, state="Nothing was sent",
            remedy="Connect the phone by USB",
        )  # fmt: skip

    def returned(
        self, *, timeout: float, waited: Waited | None = None, mode: str = "", choose: Choose | None = None
    ) -> Self:
        """The same phone, after it left and came back; this connection is closed.

        Args:
            timeout: Seconds for it to leave and to come back.
            waited: Told what is waited for.
            mode: The mode that it is to be in (:data:`~pmport.transport.modes.MODES`); "": one of the same method.
            choose: Which of its interfaces is spoken to; None: the first that fits its mode.

        Returns:
            A new connection of the same kind.

        Raises:
            NoDeviceError: If it stays, or does not come back, or another one comes in its place.
        """
        del timeout, waited, mode, choose
        raise TransportError(
            f"{self.name} cannot be found again", device=self.name, remedy="Connect to the phone again"
        )

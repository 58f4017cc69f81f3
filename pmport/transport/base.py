"""What every transport offers. Flashers know nothing else of the cable, so that a test, a recording or a virtual phone can stand in."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ["Transport"]


@runtime_checkable
class Transport(Protocol):
    """A connection to one device."""

    @property
    def name(self) -> str:
        """What a person calls it: ``usb:1-4``, ``tcp:host:5554``."""
        ...

    def write(self, data: bytes, timeout: float | None) -> None:
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

"""What the flasher for NOLO is told: waits and habits, what an image is for, and what it needs of a transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

__all__ = ["NO_LABEL", "ImageLabel", "NoloSettings", "NoloTransport"]


@dataclass(frozen=True, slots=True)
class ImageLabel:
    """What an image says of itself, beside its type.

    Args:
        version: Its version; "" for none.
        device: The product code that it is for; "" for all.
        revisions: The hardware revisions that it is for; empty: all.

    Example:
        >>> ImageLabel.parse("RX-51:2101,2102:1.0")
        ImageLabel(version='1.0', device='RX-51', revisions=('2101', '2102'))
    """

    version: str = ""
    device: str = ""
    revisions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 0xFFFF's notation.

        Args:
            text: ``device:revision,revision:version``, or a version alone.

        Returns:
            The label.
        """
        if text.count(":") < 2:
            return cls(text)
        device, revisions, version = text.split(":", 2)
        return cls(version, device, tuple(item for item in revisions.split(",") if item))

    def __str__(self) -> str:
        return f"{self.device}:{','.join(self.revisions)}:{self.version}" if self.device else self.version

    def fits(self, product: str, revision: str) -> bool:
        """Whether the image is for a phone.

        Args:
            product: The phone's product code.
            revision: Its hardware revision.

        Returns:
            True where the label names both, or leaves them open.
        """
        return self.device in {"", product} and (not self.revisions or revision in self.revisions)


NO_LABEL = ImageLabel()


class NoloTransport(Protocol):
    """What NOLO needs of a transport."""

    @property
    def name(self) -> str:
        """What a person calls it."""
        ...

    def write(self, data: bytes, timeout: float | None) -> None:
        """Send bytes to the data endpoint."""
        ...

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive one transfer."""
        ...

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes | int = b"",
        timeout: float = 1,
    ) -> bytes:
        """One control transfer."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


@dataclass(frozen=True, slots=True)
class NoloSettings:
    """Waits and habits, in seconds.

    Args:
        control: For a request.
        data: For each 128 KiB of an image to be taken.
        flash: For an image to be written.
        finish: For the end of a streamed image.
        ready: Until NOLO says that it is ready.
        modem: For the modem's software to be written.
        poll: Between two looks at a state.
        reappear: For a phone that was told to start NOLO to come back to the cable.
        check_types: Refuse an image whose content looks like another type.
        check_product: Refuse a product that is none of Nokia's known ones.
    """

    control: float = 2.0
    data: float = 5.0
    flash: float = 10.0
    finish: float = 30.0
    ready: float = 30.0
    modem: float = 300.0
    poll: float = 0.05
    reappear: float = 30.0
    check_types: bool = True
    check_product: bool = True

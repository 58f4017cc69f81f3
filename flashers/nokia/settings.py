"""What the flasher for NOLO is told: waits and habits."""

from __future__ import annotations

from dataclasses import dataclass

from pmport.wire.nolo_image import NO_LABEL, ImageLabel

__all__ = ["NO_LABEL", "ImageLabel", "NoloSettings"]


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

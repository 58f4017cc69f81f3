"""Read back what was flashed, where the phone lets it: fastbootd and some bootloaders can ``fetch``."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pmport.errors import DeviceRefusedError
from pmport.findings import Finding, Severity
from pmport.generate.plans.images import is_ramdisk
from pmport.plan import Verb

if TYPE_CHECKING:
    from pmport.flashers.fastboot.client import FastbootClient
    from pmport.flashers.fastboot.phone import Phone
    from pmport.plan import FlashPlan
    from pmport.section import Section

__all__ = ["read_back"]


class _Compared(io.RawIOBase):
    """Takes the bytes of a partition and compares them with an image, as they come."""

    def __init__(self, image: Section, ranges: list[tuple[int, int]]) -> None:
        super().__init__()
        self._image = image
        self._ranges = ranges
        self.at = 0
        self.differs_at: int | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]  # whatever it is, it has bytes
        end = self.at + len(piece)
        for start, stop in self._ranges:
            low, high = max(start, self.at), min(stop, end)
            if low < high and self.differs_at is None:
                ours, theirs = self._image.read(low, high - low), piece[low - self.at : high - self.at]
                if ours != theirs:
                    self.differs_at = low + next(
                        i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b
                    )
        self.at = end
        return len(piece)


def read_back(client: FastbootClient, plan: FlashPlan, phone: Phone) -> Iterator[Finding]:
    """Compare every partition that a plan wrote with its image.

    Args:
        client: The phone, before it reboots.
        plan: What was flashed.
        phone: What the phone says of itself.

    Yields:
        An error for a partition that holds something else, an unknown for one that cannot be read; nothing for what is
        right. Blocks that a sparse image leaves open are not compared.
    """
    for step in plan.steps:
        if step.verb is not Verb.FLASH or step.image is None or is_ramdisk(step.partition):
            continue
        partition = phone.partitions(step.partition, plan.slot)[0]
        image, ranges = _content(step.image.section)
        compared = _Compared(image, ranges)
        try:
            client.fetch(partition, compared)  # type: ignore[arg-type]  # it is written to, no more
        except DeviceRefusedError as error:
            message = f"the phone does not let it be read: {error.what}"
            yield Finding(Severity.UNKNOWN, "not-readable", message, where=partition, why="it could not be compared")
            continue
        short = compared.at < image.size and not phone.is_logical(partition)
        if compared.differs_at is not None or short:
            at = compared.at if compared.differs_at is None else compared.differs_at
            message = f"it differs from {step.image.name} from byte {at:#x} on"
            yield Finding(Severity.ERROR, "differs", message, where=partition, fix="flash it again, with another cable")


def _content(section: Section) -> tuple[Section, list[tuple[int, int]]]:
    """The raw image, and the ranges that are defined in it."""
    from pmport.formats.storage.sparse import ChunkKind, SparseImage, is_sparse  # noqa: PLC0415 - only to verify

    if not is_sparse(section):
        return section, [(0, section.size)]
    sparse = SparseImage.parse(section)
    ranges, at = [], 0
    for chunk in sparse.chunks:
        size = chunk.blocks * sparse.block_size if chunk.kind is not ChunkKind.CRC32 else 0
        if chunk.kind in {ChunkKind.RAW, ChunkKind.FILL}:
            ranges.append((at, at + size))
        at += size
    return sparse.raw(), ranges

"""What the flasher for download mode is told: waits and habits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["EmptyPackets", "LokeSettings"]


class EmptyPackets(StrEnum):
    """When zero-length packets are sent."""

    NEVER = "never"
    AFTER_ALL = "after-all"
    """After every packet; the first failure ends it for the session."""
    HEIMDALL = "heimdall"
    """As Heimdall does: after requests, before parts but the first, around the end of a sequence."""


@dataclass(frozen=True, slots=True)
class LokeSettings:
    """Waits and habits; defaults are what most phones want. All times in seconds.

    Args:
        host_version: Protocol that the host claims: 0 as Heimdall 1.4.2, 4 as Heimdall 2.1.
        resume: True: skip the greeting, because a session was closed before without a reboot; False: never; None: only
            if the phone does not answer the greeting.
        reset_first: Reset the USB port before the greeting.
        greeting: For the answer to the greeting.
        settle: Pause after the begin of a session; some phones are not ready before.
        answer: For every other answer, and for a request to be taken.
        retries: How often a lost deadline is tried again.
        retry_pause: Pause before the first of these; each later one is longer by as much.
        empty_packets: When to send zero-length packets.
        empty_packet: For a zero-length packet to be taken.
        part: For a part to be taken and acknowledged.
        sequence_end: For a sequence to be written; None: what the protocol's version allows.
        table: For a partition table to be written.
        t_flash: Pause after switching to the memory card.
        erase: For erasing the user's data.
        reboot: For the answer to a reboot, which may be missing.
        modem_as_phone: Send the modem's files with the layout of the phone's, as some newer flashers do.
        binary_type: Send the partition's binary type, as Samsung's own program does, where Heimdall sends 0.
        check_sizes: Refuse files that are larger than their partition.
    """

    host_version: int = 4
    resume: bool | None = None
    reset_first: bool = False
    greeting: float = 1.0
    settle: float = 3.0
    answer: float = 3.0
    retries: int = 5
    retry_pause: float = 0.25
    empty_packets: EmptyPackets = EmptyPackets.AFTER_ALL
    empty_packet: float = 0.1
    part: float = 30.0
    sequence_end: float | None = None
    table: float = 120.0
    t_flash: float = 5.0
    erase: float = 600.0
    reboot: float = 0.5
    modem_as_phone: bool = False
    binary_type: bool = False
    check_sizes: bool = True

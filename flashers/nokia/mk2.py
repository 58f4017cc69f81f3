"""The conversation with a Nokia phone in PC-Suite mode: what it tells of itself, and how it is rebooted."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pmport.errors import DeadlineError, DeviceGoneError, DeviceRefusedError, FormatError, ProtocolError
from pmport.untrusted import printable
from pmport.wire import mk2 as wire
from pmport.wire.mk2 import Kind, Message

if TYPE_CHECKING:
    from pmport.transport.base import Transport

__all__ = ["Mk2Client", "Mk2Settings"]

AGAIN = "unplug the phone, choose PC Suite mode again"
ROOM = 65536
HOST_PROTOCOL = "/update/host_protocol_version"
PROTOCOL = "2"
RELEASE = "/version/sw_release"


@dataclass(frozen=True, slots=True)
class Mk2Settings:
    """Waits, in seconds.

    Args:
        answer: For a message and its answer.
        reboot: After a reboot was asked for, until the phone may be let go of.
        reboot_update: The same when update mode was asked for.
    """

    answer: float = 5.0
    reboot: float = 3.0
    reboot_update: float = 0.1


class Mk2Client:
    """A conversation with one phone.

    Args:
        transport: The connection.
        settings: Waits.
    """

    def __init__(self, transport: Transport, *, settings: Mk2Settings | None = None) -> None:
        self.transport = transport
        self.settings: Mk2Settings = settings or Mk2Settings()
        self._number = 0

    def ask(self, kind: Kind, data: bytes = b"") -> bytes:
        """One message and its answer.

        Args:
            kind: What it does.
            data: What it carries.

        Returns:
            What the answer carries, without the byte that says whether it went well.

        Raises:
            DeviceRefusedError: If the phone says no.
            ProtocolError: If the answer is none.
        """
        number, self._number = self._number, self._number + 1 & 0xFF
        self.transport.write(bytes(Message(number, kind, data)), self.settings.answer)
        raw = self.transport.read(ROOM, self.settings.answer)
        try:
            answer = Message.parse(raw)
        except FormatError as error:
            raise ProtocolError(f"The phone answered {raw[:16].hex(' ')}: {error.what}", remedy=AGAIN) from error
        if (answer.number, answer.kind, answer.direction) != (number, kind | wire.REPLY, wire.FROM_DEVICE):
            raise ProtocolError(f"The phone answered message {number} with {raw[:16].hex(' ')}", remedy=AGAIN)
        if kind is Kind.PING:
            return answer.data
        if answer.data[:1] != b"\0":
            raise DeviceRefusedError(
                f"The phone refused {kind.name} {data.decode('latin1')!r}", device_text=answer.data.hex(), remedy=AGAIN
            )
        return answer.data[1:]

    def get(self, question: str) -> str:
        """Ask one question.

        Args:
            question: One of :data:`pmport.wire.mk2.QUESTIONS`.

        Returns:
            The answer.
        """
        answer = self.ask(Kind.GET, question.encode("ascii")).rstrip(b"\0")
        return printable(answer.decode("utf-8", "backslashreplace"))

    def properties(self) -> dict[str, str]:
        """Everything that the phone tells of itself.

        Returns:
            Question → answer; what it does not know is left out.
        """
        self.ask(Kind.PING)
        protocol = self.get(wire.QUESTIONS[0])
        found = {wire.QUESTIONS[0]: protocol}
        if protocol == PROTOCOL:
            self.ask(Kind.TELL, f"{HOST_PROTOCOL}\0{PROTOCOL}".encode("ascii"))
        for question in wire.QUESTIONS[1:]:
            if question == RELEASE and protocol != PROTOCOL:
                continue
            with suppress(DeviceRefusedError):
                found[question] = self.get(question)
        return found

    def reboot(self, *, update: bool = False) -> None:
        """Start the phone again.

        Args:
            update: Into update mode, which is NOLO.
        """
        with suppress(DeadlineError, DeviceGoneError):  # it may leave before it answers
            self.ask(Kind.REBOOT, b"reboot=update\0" if update else b"reboot\0")
        time.sleep(self.settings.reboot_update if update else self.settings.reboot)

r"""Recordings: what went over the cable, as JSON lines; and a transport that plays one back.

Each line has the time since the beginning, the direction, and the bytes: as text where they are printable, as hexadecimal
digits where they are not, and big ones as their size and SHA-256 alone. What identifies a phone is taken out of the text,
unless it is asked for; a recording without it can be shared, and played back as long as nobody compares those values.

Example:
    >>> import io
    >>> lines = io.StringIO()
    >>> class Echo:
    ...     name = "echo"
    ...     def write(self, data, timeout): ...
    ...     def read(self, size, timeout): return b"OKAY0.4"
    ...     def close(self): ...
    >>> recorder = Recorder(Echo(), lines)
    >>> recorder.write(b"getvar:version", 1.0); recorder.read(64, 1.0)
    b'OKAY0.4'
    >>> replay = Replayer(lines.getvalue().splitlines())
    >>> replay.write(b"getvar:version", 1.0); replay.read(64, 1.0)
    b'OKAY0.4'
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self, TextIO

from pmport.errors import DeadlineError, DeviceGoneError, FormatError, TransportError
from pmport.redaction import REDACTED, identifies, redact
from pmport.transport.base import Transport

if TYPE_CHECKING:
    from array import array

    from pmport.transport.base import Choose, Waited
    from pmport.transport.usb import UsbDevice

__all__ = ["Recorder", "Replayer"]

FORMAT = "pmport recording 1"
LONGEST = 4096
"""More bytes than this are recorded as their size and hash."""
READING = 0x80
"""In bmRequestType: the device answers."""
ASIC_ID = b"\x05\x01\x05\x01"
ASIC_ID_SIZE = 69
"""What the boot ROM of an OMAP3 says of itself begins so, and has so many bytes (``AsicId`` in ``pmport.wire``)."""
ANSWERS = frozenset({"OKAY", "INFO", "FAIL", "TEXT"})
"""How fastboot's answers begin, without anything between that and the text."""
PRINTABLE = frozenset(range(0x20, 0x7F)) | {9, 10, 13}
ERRORS: dict[str, type[TransportError]] = {
    "DeadlineError": DeadlineError,
    "DeviceGoneError": DeviceGoneError,
    "TransportError": TransportError,
}


class Recorder(Transport):
    """A transport that writes down what goes through it.

    Args:
        transport: The connection.
        lines: Where the recording is written.
        raw: Keep serial numbers and the like.
    """

    def __init__(self, transport: Transport, lines: TextIO, *, raw: bool = False) -> None:
        self._transport = transport
        self._lines = lines
        self._raw = raw
        self._asked = False
        self._began = time.monotonic()
        name = transport.name if raw else redact(transport.name)
        self._put({"format": FORMAT, "transport": name})

    @property
    def name(self) -> str:
        """The connection's name."""
        return self._transport.name

    def _put(self, row: dict[str, Any]) -> None:
        self._lines.write(json.dumps(row) + "\n")
        self._lines.flush()  # a program that is stopped leaves all that went before

    def _note(self, direction: str, content: dict[str, Any]) -> None:
        self._put({"t": round(time.monotonic() - self._began, 6), direction: content})

    @property
    def device(self) -> UsbDevice | None:
        """The USB device behind the connection; None where there is none."""
        return self._transport.device

    @property
    def transfer_size(self) -> int:
        """Bytes per transfer of the connection."""
        return self._transport.transfer_size

    @transfer_size.setter
    def transfer_size(self, size: int) -> None:
        self._transport.transfer_size = size

    def drain(self) -> None:
        """Throw away old answers; they are not written down, for they belong to another conversation."""
        self._transport.drain()

    def returned(
        self, *, timeout: float, waited: Waited | None = None, mode: str = "", choose: Choose | None = None
    ) -> Self:
        """Go on with the new connection to the same phone; see :class:`~pmport.transport.base.Transport`."""
        self._transport = self._transport.returned(timeout=timeout, waited=waited, mode=mode, choose=choose)
        return self

    def write_empty(self, timeout: float | None) -> None:
        """Send a zero-length packet, and write down that one went."""
        self._note("out", {"text": ""})
        self._transport.write_empty(timeout)

    def reset(self) -> None:
        """Reset the port; this is not written down."""
        self._transport.reset()

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes | int = b"",
        timeout: float = 1,
    ) -> bytes:
        """Make a control transfer and write it down; see :meth:`~pmport.transport.usb.UsbTransport.control`."""
        sent = b"" if isinstance(data, int) else data
        self._note("out", {"control": [request_type, request, value, index], **self._shown(sent)})
        try:
            answer: bytes = self._transport.control(request_type, request, value, index, data, timeout)
        except TransportError as error:
            self._note("error", {"type": type(error).__name__, "message": self._text(str(error))})
            raise
        if request_type & READING:
            self._note("in", self._shown(answer, whole=True))
        return answer

    def write(self, data: bytes | array[int], timeout: float | None) -> None:
        """Send and write down; see :class:`~pmport.transport.base.Transport`."""
        data = bytes(data)
        self._note("out", self._shown(data))
        try:
            self._transport.write(data, timeout)
        except TransportError as error:
            self._note("error", {"type": type(error).__name__, "message": self._text(str(error))})
            raise

    def read(self, size: int, timeout: float | None) -> bytes:
        """Receive and write down; see :class:`~pmport.transport.base.Transport`."""
        try:
            data = self._transport.read(size, timeout)
        except TransportError as error:
            self._note("error", {"type": type(error).__name__, "message": self._text(str(error))})
            raise
        self._note("in", self._shown(data, whole=True))
        return data

    def close(self) -> None:
        """Close the connection; the recording stays open."""
        self._transport.close()

    def _text(self, text: str) -> str:
        if self._raw:
            return text
        head = text[:4] if text[:4] in ANSWERS else ""
        return head + redact(text[len(head) :])

    def _shown(self, data: bytes, *, whole: bool = False) -> dict[str, Any]:
        if not self._raw and data.startswith(ASIC_ID) and len(data) == ASIC_ID_SIZE:
            data = data[:15] + bytes(20) + data[35:]  # no other chip has these bytes
        if len(data) > LONGEST and not whole:
            return {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        if not PRINTABLE.issuperset(data):
            return {"hex": data.hex()}
        text = data.decode("ascii")
        if whole and self._asked and not self._raw and text[:4] in {"OKAY", "INFO"}:
            return {"text": text[:4] + REDACTED}
        self._asked = identifies(text.removeprefix("getvar:")) if not whole else self._asked
        return {"text": self._text(text)}


class Replayer(Transport):
    """A device that answers as it did when it was recorded.

    Args:
        lines: The recording.

    Raises:
        FormatError: If it is no recording; with the line.
    """

    name: str = "replay"

    def __init__(self, lines: Iterable[str]) -> None:
        self._rows: list[tuple[str, dict[str, Any]]] = []
        for number, line in enumerate(lines, 1):
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as error:
                raise FormatError(f"line {number} is no JSON: {error}", format="recording") from error
            if not isinstance(row, dict):
                raise FormatError(f"line {number} is no object", format="recording")
            if number == 1 and row.get("format") != FORMAT:
                raise FormatError("It is no recording of pmport", format="recording", field="format")
            entries = [(key, row[key]) for key in ("out", "in", "error") if key in row]
            if wrong := [key for key, content in entries if not _is_entry(key, content)]:
                raise FormatError(f"line {number} has an entry that is none", format="recording", field=wrong[0])
            self._rows += entries
        self._at = 0

    def _next(self, direction: str) -> dict[str, Any]:
        if self._at >= len(self._rows):
            raise DeadlineError("The recording ends here", device=self.name)
        kind, content = self._rows[self._at]
        self._at += 1
        if kind == "error":
            raise ERRORS.get(content["type"], TransportError)(content["message"], device=self.name)
        if kind != direction:
            raise TransportError(
                f"The recording has {'an answer' if kind == 'in' else 'a message'} here (entry {self._at})",
                device=self.name,
            )
        return content

    def write(self, data: bytes | array[int], timeout: float | None) -> None:  # noqa: ARG002 - a recording waits for nobody
        """Compare with what was sent; see :class:`~pmport.transport.base.Transport`.

        Raises:
            TransportError: If something else was recorded.
        """
        content = self._next("out")
        data = bytes(data)
        if "sha256" in content:
            same = (content["size"], content["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
        else:
            same = _bytes(content) == data or redact(data.decode("utf-8", "replace")) == content.get("text")
        if not same:
            raise TransportError(f"The recording has another message as entry {self._at}", device=self.name)

    def write_empty(self, timeout: float | None) -> None:
        """Compare with the zero-length packet that was sent."""
        self.write(b"", timeout)

    def reset(self) -> None:
        """Nothing happens."""

    def control(
        self,
        request_type: int,
        request: int,
        value: int = 0,
        index: int = 0,
        data: bytes | int = b"",
        timeout: float = 1,  # noqa: ARG002 - as above
    ) -> bytes:
        """Compare with the control transfer that was made, and answer as the phone did.

        Raises:
            TransportError: If something else was recorded.
        """
        content = self._next("out")
        sent = b"" if isinstance(data, int) else data
        if content.get("control") != [request_type, request, value, index] or _bytes(content) != sent:
            raise TransportError(f"The recording has another message as entry {self._at}", device=self.name)
        return _bytes(self._next("in")) if request_type & READING else b""

    def returned(
        self,
        *,
        timeout: float,  # noqa: ARG002 - as above
        waited: Waited | None = None,  # noqa: ARG002
        mode: str = "",  # noqa: ARG002
        choose: Choose | None = None,  # noqa: ARG002
    ) -> Self:
        """Play on: the recording went on with the phone that came back."""
        return self

    def read(self, size: int, timeout: float | None) -> bytes:  # noqa: ARG002 - as above
        """What was received; see :class:`~pmport.transport.base.Transport`."""
        return _bytes(self._next("in"))[:size]

    def close(self) -> None:
        """Nothing is held."""

    @property
    def finished(self) -> bool:
        """Whether everything was played."""
        return self._at == len(self._rows)


def _is_entry(key: str, content: object) -> bool:
    """Whether an entry has what it must: text of its kind, bytes that are hexadecimal."""
    if not isinstance(content, dict):
        return False
    if key == "error":
        return isinstance(content.get("type"), str) and isinstance(content.get("message"), str)
    text = content.get("text", "")
    try:
        bytes.fromhex(content.get("hex", ""))
    except (ValueError, TypeError):
        return False
    return isinstance(text, str) and text.isascii()


def _bytes(content: dict[str, Any]) -> bytes:
    if "hex" in content:
        return bytes.fromhex(content["hex"])
    text: str = content.get("text", "")
    return text.encode("ascii")

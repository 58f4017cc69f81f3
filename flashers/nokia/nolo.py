"""The conversation with a Nokia phone or tablet in NOLO, its bootloader: one method per exchange.

Example:
    >>> from pmport.virtual import NoloPhone, PyusbBackend
    >>> import pmport.flashers
    >>> with pmport.flashers.open("0xffff", backend=PyusbBackend([NoloPhone("N900")])) as flasher:
    ...     flasher.client.start()
    ...     print(flasher.client.product, flasher.client.version)
    RX-51 1.4.14
"""

from __future__ import annotations

import errno
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pmport.errors import (
    DeadlineError,
    DeviceGoneError,
    DeviceRefusedError,
    FlashError,
    FormatError,
    ProtocolError,
    TransportError,
)
from pmport.events import BytesMoved, DeviceText, OnEvent, Waiting, ignore
from pmport.flashers.nokia.settings import NO_LABEL, ImageLabel, NoloSettings
from pmport.formats.reports.nolo_properties import NoloProperties
from pmport.interruption import Stopped, check, held
from pmport.untrusted import printable
from pmport.wire import nolo as wire
from pmport.wire import nolo_image
from pmport.wire.nolo import Control, RdFlag, Request, RootDevice, Setting

if TYPE_CHECKING:
    from pmport.section import Section
    from pmport.transport.base import Transport

__all__ = ["AGAIN", "NoloClient", "refused"]

AGAIN = "switch the phone off, hold U (Home on tablets) and plug the cable in again"
"""What NOLO starts from memory."""
STREAMED = "rootfs"
MODEM = "cmt-mcusw"
LOG_READS = 20
FILL = b"\xff"


def refused(error: TransportError) -> bool:
    """Whether a device answered STALL: it works, and says no.

    Args:
        error: What the transport raised.

    Returns:
        False where the cable is the trouble.
    """
    return getattr(error.__cause__, "errno", None) == errno.EPIPE


class NoloClient:
    """A conversation with one phone.

    Args:
        transport: The connection.
        settings: Waits and habits.
        on_event: Told how far an image is, and the phone's own words.
    """

    def __init__(
        self, transport: Transport, *, settings: NoloSettings | None = None, on_event: OnEvent = ignore
    ) -> None:
        self.transport = transport
        self.settings: NoloSettings = settings or NoloSettings()
        self.on_event = on_event
        self.identity: dict[str, str] = {}
        self.version: str = ""

    # ----- one exchange

    def ask(self, control: Control, *, seconds: float | None = None) -> bytes:
        """One request.

        Args:
            control: The request.
            seconds: For the answer; None: as :attr:`settings` has it.

        Returns:
            What came; empty for requests that only tell something.

        Raises:
            DeviceRefusedError: If the phone says no; with the lines of its error log.
            TransportError: If the cable fails.
        """
        limit = self.settings.control if seconds is None else seconds
        what: bytes | int = control.length or control.data
        try:
            return self.transport.control(
                control.request_type, control.request, control.value, control.index, what, limit
            )
        except TransportError as error:
            if refused(error):
                raise self._refusal(Request(control.request).name.lower().replace("_", " ")) from error
            raise

    def _refusal(self, what: str) -> DeviceRefusedError:
        lines: tuple[str, ...] = ()
        with suppress(TransportError):
            lines = self.error_log()
        text = "; ".join(lines)
        return DeviceRefusedError(
            f"the phone refused {what}" + (f": {text}" if text else ""), device_text=text, remedy=AGAIN
        )

    def _fixed(self, control: Control) -> int:
        answer = self.ask(control)
        if len(answer) != control.length:
            name = Request(control.request).name
            raise ProtocolError(f"The phone answered {name} with {answer[:16].hex(' ') or 'nothing'}", remedy=AGAIN)
        return wire.number(answer)

    def error_log(self) -> tuple[str, ...]:
        """The phone's error log, which reading empties.

        Returns:
            Its lines.
        """
        data = b""
        for _ in range(LOG_READS):
            limit = self.settings.control
            piece = self.transport.control(wire.READ, Request.ERROR_LOG, 0, 0, wire.ERROR_LOG.length, limit)
            data += piece
            if len(piece) < wire.ERROR_LOG.length:
                break
        return wire.log_lines(data)

    # ----- who is there

    def start(self) -> None:
        """Wait until NOLO is ready, and learn which phone this is.

        Raises:
            FlashError: If it does not get ready.
            ProtocolError: If it answers nonsense, or is none of Nokia's.
        """
        if self.identity:
            return
        end = time.monotonic() + self.settings.ready
        while self._fixed(wire.STATUS):
            if time.monotonic() > end:
                raise FlashError("The phone does not get ready", state="Nothing was written", remedy=AGAIN)
            time.sleep(self.settings.poll)
        with suppress(DeviceRefusedError):
            self.error_log()
        identity = wire.identity(self.ask(wire.IDENTIFY))
        try:
            self.version = wire.version_text(self._fixed(wire.VERSION))
        except FormatError as error:
            raise ProtocolError(f"This is no NOLO that pmport knows: {error.what}", remedy=AGAIN) from error
        if self.settings.check_product and identity.get("prod_code") not in wire.PRODUCTS:
            raise ProtocolError(
                f"The phone says that it is {identity.get('prod_code', 'nothing')!r}, which is none of Nokia's",
                state="Nothing was written", remedy=AGAIN,
            )  # fmt: skip
        self.identity = identity

    @property
    def product(self) -> str:
        """Product code, such as ``RX-51``; after :meth:`start`."""
        return self.identity.get("prod_code", "")

    @property
    def revision(self) -> str:
        """Hardware revision, such as ``2101``; after :meth:`start`."""
        return self.identity.get("hw_rev", "")

    def properties(self) -> NoloProperties:
        """Everything that NOLO tells of itself.

        Returns:
            The properties; strings that this phone does not know are left out.
        """
        self.start()
        values = {"nolo": self.version, **self.identity}
        for key in wire.STRING_KEYS:
            if key not in {"hw_rev", "cmt:status"}:
                with suppress(DeviceRefusedError):
                    values[key] = self.string(key)
        root = self.get(Setting.ROOT_DEVICE)
        values["root-device"] = RootDevice(root).name.lower() if root in set(RootDevice) else str(root)
        values["usb-host-mode"] = "on" if self.get(Setting.USB_HOST_MODE) else "off"
        values["rd-mode"] = "on" if self.get(Setting.RD_MODE) else "off"
        values["rd-flags"] = ",".join(self.flags().names)
        return NoloProperties(values)

    # ----- settings

    def get(self, setting: Setting) -> int:
        """Read a setting.

        Args:
            setting: Which.

        Returns:
            Its value.
        """
        return self._fixed(wire.get(setting))

    def put(self, setting: Setting, value: int) -> None:
        """Change a setting.

        Args:
            setting: Which.
            value: To what.
        """
        self.ask(wire.put(setting, value))

    def flags(self) -> RdFlag:
        """The R&D flags that are on."""
        return RdFlag(self.get(Setting.RD_FLAGS))

    def put_flags(self, flags: RdFlag) -> None:
        """Set exactly these R&D flags; R&D mode is switched on, without which they mean nothing.

        Args:
            flags: Which shall be on.
        """
        self.put(Setting.RD_MODE, 1)
        for control in wire.put_flags(flags):
            self.ask(control)

    def string(self, key: str) -> str:
        """Read a string.

        Args:
            key: Such as ``version:kernel``.

        Returns:
            Its text.
        """
        self.ask(wire.select_string(key))
        return printable(self.ask(wire.GET_STRING).rstrip(b"\0").decode("utf-8", "backslashreplace"))

    def put_string(self, key: str, value: str) -> None:
        """Change a string.

        Args:
            key: Such as ``hw_rev``.
            value: Its text.
        """
        self.ask(wire.select_string(key))
        self.ask(wire.set_string(value))

    def put_sw_release(self, version: str) -> None:
        """Tell which software release is being flashed.

        Args:
            version: Its name.
        """
        self.ask(Control(Request.SET_SW_RELEASE, data=wire.sw_release(version)))

    # ----- images

    def send(
        self, kind: str, data: Section, *, label: ImageLabel = NO_LABEL, step: str = "", stream: bool = False
    ) -> None:
        """Send an image into the phone's memory.

        Args:
            kind: Its type, one of :data:`pmport.wire.nolo_image.TYPES`.
            data: The image; read in pieces, padded here.
            label: What it is for, and its version.
            step: What events and errors call it.
            stream: Written to the flash while it comes.

        Raises:
            FlashError: If the phone or the cable fails; says how far it was.
        """
        step = step or f"send {kind}"
        size = nolo_image.padded_size(data.size, kind)
        sums = nolo_image.image_hash(data, kind)
        header = nolo_image.header(
            kind, size, sums, version=label.version, device=label.device, revisions=label.revisions
        )
        with held(_state(kind, size, stream=stream)):
            self.ask(wire.send_image(header, stream=stream))
            self._pieces(kind, data, size, step, stream=stream)

    def _pieces(self, kind: str, data: Section, size: int, step: str, *, stream: bool) -> None:
        for offset in range(0, size, wire.PIECE):
            try:
                check()
            except Stopped as stop:
                stop.state, stop.remedy = _state(kind, offset, stream=stream), AGAIN if stream else ""
                if not stream:
                    self._fill(size - offset)
                raise
            if name := data.changed_file():
                raise FlashError(
                    f"{name} was changed while it was sent", partition=kind, bytes_sent=offset,
                    state=_state(kind, offset, stream=stream), remedy=AGAIN,
                )  # fmt: skip
            wanted = min(wire.PIECE, size - offset)
            piece = data.read(offset, min(wanted, data.size - offset)).ljust(wanted, FILL)
            try:
                self.transport.write(piece, self.settings.data)
            except TransportError as error:
                raise self._broken(error, step, kind, offset, stream=stream) from error
            self.on_event(BytesMoved(step, min(offset + wanted, data.size), data.size))

    def _fill(self, left: int) -> None:
        """Finish an announced image, which is only in memory: before, NOLO hears no request."""
        self.on_event(Waiting("stop", "the announced image to end; stop once more to leave at once"))
        with suppress(TransportError):
            self.transport.write(FILL * left, self.settings.data)

    def _broken(self, error: TransportError, step: str, kind: str, offset: int, *, stream: bool) -> FlashError:
        sent = offset + error.bytes_sent
        state = _state(kind, sent, stream=stream)
        if refused(error):
            refusal = self._refusal(f"{step}")
            refusal.partition, refusal.bytes_sent, refusal.state = kind, sent, state
            return refusal
        return FlashError(f"{step}: {error.what}", partition=kind, bytes_sent=sent, state=state, remedy=AGAIN)

    def flash(self, kind: str, data: Section, *, label: ImageLabel = NO_LABEL, step: str = "") -> None:
        """Write an image to the phone.

        Args:
            kind: Its type. The first loader waits in memory until the secondary one is written, the modem's loaders
                until its software is.
            data: The image.
            label: What it is for, and its version.
            step: What events and errors call it.
        """
        step = step or f"flash {kind}"
        if kind == STREAMED:
            self.send(kind, data, label=label, step=step, stream=True)
            self.ask(wire.FINISH, seconds=self.settings.finish)
            return
        self.send(kind, data, label=label, step=step)
        if kind == MODEM:
            self.put_string("cmt:verify", "1")
        control = wire.flash_image(kind)
        if control is not None:
            self.ask(control, seconds=self.settings.flash)
        if kind == MODEM:
            self._modem(step)

    def _modem(self, step: str) -> None:
        """Follow the modem's own flashing to its end."""
        end = time.monotonic() + self.settings.modem
        last = ""
        while True:
            status = self.string("cmt:status")
            if status in {"finished", "idle"}:
                return
            if status.startswith("error"):
                raise FlashError(
                    f"{step}: the modem says {status}", partition=MODEM, device_text=status,
                    state="The modem's software is not whole", remedy="Flash it again before the phone is started",
                )  # fmt: skip
            if status != last:
                self.on_event(DeviceText(step, status))
                last = status
            if time.monotonic() > end:
                raise FlashError(
                    f"{step}: the modem is not ready", partition=MODEM, device_text=status,
                    state="The modem's software may not be whole", remedy="Flash it again before the phone is started",
                )  # fmt: skip
            time.sleep(self.settings.poll)

    # ----- leaving

    def boot(self, cmdline: bytes = b"", *, update: bool = False) -> None:
        """Start what is in memory, or else in the flash.

        Args:
            cmdline: The kernel's command line; empty: its own.
            update: Start the update mode instead, which is NOLO again.
        """
        self._leave(wire.boot(cmdline, update=update))

    def reboot(self) -> None:
        """Start the phone as after power-on."""
        self._leave(wire.REBOOT)

    def _leave(self, control: Control) -> None:
        try:
            self.ask(control)
        except (DeviceGoneError, DeadlineError):  # it left before it answered
            self.on_event(Waiting("reboot", "the phone to start"))
        self.identity = {}


def _state(kind: str, sent: int, *, stream: bool) -> str:
    if stream and sent:
        return f"{kind} is written in part: do not start the phone before it is flashed again"
    return f"{kind} on the phone is as it was: the image was only on its way into memory"

"""Which flash methods there are: one row each, and how one is opened."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, TextIO, cast, overload

from pmport.errors import PlanError
from pmport.events import OnEvent, Waiting, ignore
from pmport.extensions import Extensible, load
from pmport.lazy import named
from pmport.transport.address import split_address
from pmport.transport.recording import Recorder
from pmport.transport.tcp import PORT, TcpTransport
from pmport.transport.udp import UdpTransport
from pmport.transport.usb import UsbDevice, UsbTransport, wait_for_device

if TYPE_CHECKING:
    from pmport.findings import Finding
    from pmport.flashers.fastboot.flasher import FastbootFlasher
    from pmport.flashers.nokia.flasher import NokiaFlasher
    from pmport.flashers.samsung.flasher import SamsungFlasher
    from pmport.plan import FlashPlan
    from pmport.transport.base import Transport

__all__ = ["METHODS", "Connect", "Flasher", "found", "open"]

Connect = Callable[[str, "float | None", Any, OnEvent], "Transport"]
"""How a flasher gets its connection: device, seconds to wait, pyusb backend, on_event."""

METHODS: Extensible[str] = Extensible(
    "pmport.flashers",
    {
        "fastboot": "pmport.flashers.fastboot.flasher:FastbootFlasher",
        "heimdall": "pmport.flashers.samsung.flasher:SamsungFlasher",
        "0xffff": "pmport.flashers.nokia.flasher:NokiaFlasher",
    },
    lambda point: point.value,
)
"""Flash method, as a device record names it → the flasher that speaks it."""


class Flasher(Protocol):
    """What every flasher does. A context manager: leaving it lets go of the phone."""

    @property
    def method(self) -> str:
        """A key of :data:`METHODS`."""
        ...

    def run(self, plan: FlashPlan, on_event: OnEvent = ignore) -> tuple[Finding, ...]:
        """Carry out a plan.

        Args:
            plan: The plan.
            on_event: Called with every :class:`~pmport.events.Event`.

        Returns:
            What there is to say afterwards; nothing where all is well.

        Raises:
            PlanError: If the phone or a file is not as the plan has it; nothing was written.
            FlashError: If a step failed; says what is on the phone now.
            TransportError: If the cable failed outside a step.
        """
        ...

    def close(self) -> None:
        """Let go of the phone."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


@overload
def open(
    method: Literal["fastboot"],
    *,
    device: str = ...,
    timeout: float | None = ...,
    backend: Any = ...,
    transport: Transport | None = ...,
    record: TextIO | None = ...,
    raw: bool = ...,
    on_event: OnEvent = ...,
) -> FastbootFlasher: ...


@overload
def open(
    method: Literal["heimdall"],
    *,
    device: str = ...,
    timeout: float | None = ...,
    backend: Any = ...,
    transport: Transport | None = ...,
    record: TextIO | None = ...,
    raw: bool = ...,
    on_event: OnEvent = ...,
) -> SamsungFlasher: ...


@overload
def open(
    method: Literal["0xffff"],
    *,
    device: str = ...,
    timeout: float | None = ...,
    backend: Any = ...,
    transport: Transport | None = ...,
    record: TextIO | None = ...,
    raw: bool = ...,
    on_event: OnEvent = ...,
) -> NokiaFlasher: ...


@overload
def open(
    method: str,
    *,
    device: str = ...,
    timeout: float | None = ...,
    backend: Any = ...,
    transport: Transport | None = ...,
    record: TextIO | None = ...,
    raw: bool = ...,
    on_event: OnEvent = ...,
) -> Flasher: ...


def open(
    method: str,
    *,
    device: str = "",
    timeout: float | None = 0,
    backend: Any = None,
    transport: Transport | None = None,
    record: TextIO | None = None,
    raw: bool = False,
    on_event: OnEvent = ignore,
) -> Flasher:
    """Connect to a phone.

    Args:
        method: A key of :data:`METHODS`.
        device: Which one: serial number, ``usb:1-4`` path, ``tcp:host[:port]`` or ``udp:host[:port]``; "": there must be one only.
        timeout: Seconds to wait until it is plugged in; 0: do not wait; None: for ever.
        backend: pyusb backend; a virtual phone brings its own.
        transport: A connection that is open already.
        record: Where everything that goes over the cable is written, as JSON lines.
        raw: Keep serial numbers and the like in the recording.
        on_event: Told when it has to wait.

    Returns:
        The :class:`Flasher` of that method.

    Raises:
        PlanError: If pmport does not speak that method.
        NoDeviceError: If the phone is not there.
        AccessError: If it may not be opened.
    """
    if method not in METHODS:
        raise PlanError(f"pmport does not flash by {method!r}", remedy=f"It does by {', '.join(METHODS)}")
    added = METHODS.added(method)
    flasher = cast("Callable[[Transport], Flasher]", load(added) if added else named(METHODS[method]))
    connect = cast("Connect", getattr(flasher, "connect", partial(_connect, method)))

    def connected(seconds: float | None) -> Transport:
        found = connect(device, seconds, backend, on_event)
        return found if record is None else Recorder(found, record, raw=raw)

    if transport is not None:
        return flasher(transport if record is None else Recorder(transport, record, raw=raw))
    return flasher(connected(timeout))


def _connect(method: str, device: str, timeout: float | None, backend: Any, on_event: OnEvent) -> Transport:
    """As fastboot connects; a flasher that does otherwise has a ``connect`` of its own."""
    for word, kind in (("tcp:", TcpTransport), ("udp:", UdpTransport)):
        if device.startswith(word):
            return kind(*split_address(device.removeprefix(word), PORT))
    return UsbTransport(found(method, device, timeout, backend, on_event))


def found(method: str, device: str, timeout: float | None, backend: Any, on_event: OnEvent, **how: Any) -> UsbDevice:
    """The one phone on the USB cable; tells ``on_event`` if it has to wait.

    Args:
        method: The flash method.
        device: Serial number or path, or "".
        timeout: Seconds to wait; None: for ever.
        backend: pyusb backend.
        on_event: Told once if it has to wait.
        how: More for :func:`~pmport.transport.usb.wait_for_device`.

    Returns:
        The device.
    """

    def waiting() -> None:
        on_event(Waiting("connect", f"a phone in {method} mode on the USB cable", timeout))

    return wait_for_device(method, name=device, timeout=timeout, backend=backend, waiting=waiting, **how)

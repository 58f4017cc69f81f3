"""Every error that pmport raises on purpose, in one tree.

::

    PmportError
    ├── FormatError (ValueError)              the bytes are not what the format says
    │   ├── UnknownFormatError                no format that pmport knows begins like this
    │   └── TooLargeError                     more than the limit would have to be read or decompressed
    ├── SourceChangedError (OSError)          a file shrank or changed while it was being read
    ├── RecordError (ValueError)              a device record, a rule set or a setting is wrong
    ├── UnknownDeviceError (LookupError)      no record of that name
    ├── NotWrittenError (FileExistsError)     something would have been overwritten that nobody gave up
    ├── PlanError (ValueError)                the plan cannot be made, or must not be carried out as it is
    │   └── RefusedError                      a dangerous step that nobody allowed
    ├── MissingDependencyError (ImportError)  an extra or an outside program that is not installed
    ├── ExtensionError (ImportError)          what another distribution adds to pmport cannot be loaded
    ├── TransportError (OSError)              the cable
    │   ├── NoDeviceError (LookupError)       no device, or several where one was wanted
    │   ├── AccessError (PermissionError)     the device is there, but may not be opened
    │   ├── DeviceGoneError (ConnectionError) unplugged, or switched off
    │   └── DeadlineError (TimeoutError)      no answer in time
    └── FlashError (RuntimeError)             a device operation failed; says what is on the phone now
        ├── DeviceRefusedError                the device said no, in its own words
        └── ProtocolError                     the device said something that the protocol does not know

Each also inherits the built-in exception that a caller would expect, carries its data as attributes, and its message
says what happened, what state things are in now, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "AccessError",
    "DeadlineError",
    "DeviceGoneError",
    "DeviceRefusedError",
    "ExtensionError",
    "FlashError",
    "FormatError",
    "MissingDependencyError",
    "NoDeviceError",
    "NotWrittenError",
    "PlanError",
    "PmportError",
    "ProtocolError",
    "RecordError",
    "RefusedError",
    "SourceChangedError",
    "TooLargeError",
    "TransportError",
    "UnknownDeviceError",
    "UnknownFormatError",
]


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?", ":")) else text + "."


class PmportError(Exception):
    """Root of the tree: catch this for "not a bug in pmport".

    Args:
        what: What happened, for a person.
        state: What state the file or the phone is in now, where that is worth saying.
        remedy: What to do next.

    Example:
        >>> str(PmportError("the cable is loose", state="nothing was written", remedy="plug it in"))
        'the cable is loose. nothing was written. plug it in.'
    """

    def __init__(self, what: str, *, state: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.state = state
        self.remedy = remedy

    def __str__(self) -> str:
        return " ".join(_sentence(part) for part in (self.what, self.state, self.remedy) if part)


class FormatError(PmportError, ValueError):
    """The bytes are not what the format says.

    Args:
        what: What is wrong with them.
        format: Name of the format that was being read, such as ``"Android boot image"``.
        field: The header field or table entry at fault, in the field's standard spelling.
        offset: Where, in bytes from the start of what was being parsed; None if it has no single place.
        remedy: What to do next.

    Example:
        >>> error = FormatError("page size is 0", format="Android boot image", field="page_size", offset=36)
        >>> print(error)
        Android boot image: page size is 0 (page_size at offset 36, 0x24).
    """

    def __init__(
        self,
        what: str,
        *,
        format: str = "",
        field: str = "",
        offset: int | None = None,
        remedy: str = "",
    ) -> None:
        super().__init__(what, remedy=remedy)
        self.format = format
        self.field = field
        self.offset = offset

    def __str__(self) -> str:
        place = self.field
        if self.offset is not None:
            place = f"{place} at offset {self.offset}, {self.offset:#x}".lstrip()
        text = f"{self.format}: {self.what}" if self.format else self.what
        if place:
            text += f" ({place})"
        return " ".join(_sentence(part) for part in (text, self.remedy) if part)


class UnknownFormatError(FormatError):
    """Nothing that pmport knows begins like this."""


class TooLargeError(FormatError):
    """More than ``limit`` bytes would have to be read or decompressed.

    Args:
        what: What is too large.
        limit: The limit that was in force, in bytes.
        format: Name of the format.
        offset: Where, in bytes.
    """

    def __init__(self, what: str, *, limit: int, format: str = "", offset: int | None = None) -> None:
        super().__init__(what, format=format, offset=offset, remedy="raise limit= if this is wanted")
        self.limit = limit


class SourceChangedError(PmportError, OSError):
    """A file shrank or changed while pmport was reading it.

    Args:
        what: What was noticed.
        path: The file.
        state: What had already been done with its bytes.
    """

    def __init__(self, what: str, *, path: str = "", state: str = "") -> None:
        super().__init__(what, state=state, remedy="let whatever writes the file finish, then open it again")
        self.path = path


class ExtensionError(PmportError, ImportError):
    """What another distribution adds to pmport cannot be loaded."""


class RecordError(PmportError, ValueError):
    """A device record, a rule set or a setting is wrong.

    Args:
        what: What is wrong.
        file: The file, where there is one.
        key: The key at fault, dotted.
        line: Its line, counted from 1.
        remedy: What to do next.
    """

    def __init__(self, what: str, *, file: str = "", key: str = "", line: int | None = None, remedy: str = "") -> None:
        place = ":".join(str(part) for part in (file, line) if part)
        super().__init__(": ".join(part for part in (place, key, what) if part), remedy=remedy)
        self.file = file
        self.key = key
        self.line = line


class UnknownDeviceError(PmportError, LookupError):
    """No record of that name.

    Args:
        codename: What was asked for.
        near: Names that come close.
    """

    def __init__(self, codename: str, near: tuple[str, ...] = ()) -> None:
        hint = f"did you mean {', '.join(near)}" if near else "search for it with device_db.search()"
        super().__init__(f"no device record is named {codename!r}", remedy=hint + ("?" if near else ""))
        self.codename = codename
        self.near = near


class NotWrittenError(PmportError, FileExistsError):
    """Something would have been overwritten that nobody gave up.

    Args:
        what: What stands there.
        path: Where.
        remedy: What to do next.
    """

    def __init__(self, what: str, *, path: str, remedy: str) -> None:
        super().__init__(f"{path}: {what}", state="It was left as it is", remedy=remedy)
        self.path = path


class PlanError(PmportError, ValueError):
    """The plan cannot be made, or does not fit this phone or these files."""


class RefusedError(PlanError):
    """A dangerous step that nobody allowed.

    Args:
        what: Which step, and why it is dangerous.
        danger: The word that ``allow=`` would have to hold, such as ``"repartition"``.
    """

    def __init__(self, what: str, *, danger: str) -> None:
        super().__init__(what, remedy=f"make the plan with allow=({danger!r},) if you are sure")
        self.danger = danger


class MissingDependencyError(PmportError, ImportError):
    """An optional package or an outside program is not installed.

    Args:
        what: What is missing, and for what.
        install: The command that brings it.
    """

    def __init__(self, what: str, *, install: str) -> None:
        super().__init__(what, remedy=f"install it: {install}")
        self.install = install


class TransportError(PmportError, OSError):
    """The cable, or whatever stands for it, failed.

    Args:
        what: What happened.
        device: Which device, as the transport names it (``usb:1-1``, ``tcp:host:5554``).
        bytes_sent: Bytes that reached the device in the transfer that failed.
        state: What state the phone is in now.
        remedy: What to do next.
    """

    def __init__(self, what: str, *, device: str = "", bytes_sent: int = 0, state: str = "", remedy: str = "") -> None:
        super().__init__(what, state=state, remedy=remedy)
        self.device = device
        self.bytes_sent = bytes_sent


class NoDeviceError(TransportError, LookupError):
    """No device of the kind that was looked for, or several where one was wanted."""


class AccessError(TransportError, PermissionError):
    """The device is there, but this user or this program may not open it."""


class DeviceGoneError(TransportError, ConnectionError):
    """The device was unplugged or switched off."""


class DeadlineError(TransportError, TimeoutError):
    """The device did not answer in time."""


class FlashError(PmportError, RuntimeError):
    """An operation on a device failed.

    Args:
        what: What happened.
        partition: The partition that was being written, if any.
        bytes_sent: Bytes of it that reached the device.
        device_text: The device's own words, if it had any.
        state: What is on the phone now.
        remedy: What to do next.
    """

    def __init__(
        self,
        what: str,
        *,
        partition: str = "",
        bytes_sent: int = 0,
        device_text: str = "",
        state: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(what, state=state, remedy=remedy)
        self.partition = partition
        self.bytes_sent = bytes_sent
        self.device_text = device_text


class DeviceRefusedError(FlashError):
    """The device understood, and said no; ``device_text`` holds its words."""


class ProtocolError(FlashError):
    """The device said something that the protocol does not know at this point."""

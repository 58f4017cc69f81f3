r"""A kernel's log, however it was saved: one line after the other, with its time, its level and its text.

Known are ``dmesg`` (also ``-x``, ``-T``, ``-r`` and ``--color``), ``/dev/kmsg``, the kernel's caller (``[    T1]``), journalctl
(short, ISO and monotonic), captures of a serial port with whatever stands before the time, ``last_kmsg`` and
``console-ramoops`` with the words that Samsung and MediaTek put behind the time, and logcat's kernel buffer.

Sources: Documentation/admin-guide/dmesg and printk-formats of the kernel (printk/printk.c: ``print_prefix``,
``info_print_ext_header``), dmesg(1), journalctl(1), logcat's documentation; the vendors' forms from real logs.

Example:
    >>> for line in read("<6>[    1.250000][    T1] mmc0: new card\r\nMar  3 10:00:00 phone kernel: usb 1-1: gone\n"):
    ...     print(line)
    LogLine(number=1, time=1.25, level=6, text='mmc0: new card')
    LogLine(number=2, time=None, level=None, text='usb 1-1: gone')
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["LONGEST", "LogLine", "printable", "read"]

LONGEST = 4096
"""Characters of a line that are looked at; the kernel's own records have at most 1024 (``PRINTKRB_RECORD_MAX``)."""
LEVELS = {"emerg": 0, "alert": 1, "crit": 2, "err": 3, "warn": 4, "notice": 5, "info": 6, "debug": 7}
"""Words of ``dmesg -x``."""
LOGCAT_LEVELS = {"F": 2, "E": 3, "W": 4, "I": 6, "D": 7, "V": 7, "S": 7}


@dataclass(frozen=True, slots=True)
class LogLine:
    r"""One line.

    Args:
        number: Counted from 1, as an editor counts.
        time: Seconds since the kernel started; None where the line does not say.
        level: The kernel's level, 0 (emergency) to 7 (debug); None where the line does not say.
        text: What is left without the prefix; what a terminal would obey is written as ``\x1b``.
    """

    number: int
    time: float | None
    level: int | None
    text: str


_TIME = r"\[\s{0,8}(?P<time>\d{1,7}\.\d{1,9})\s?(?:,\d)?\]"
_KERNEL = re.compile(
    rf"""
    (?:<(?P<raw>\d{{1,3}})>)?\s?                                    # <6>, of a raw log
    (?:(?:kern|user|daemon|syslog)\s*:(?P<word>[a-z]+)\s*:\s)?      # kern  :warn  :, of dmesg -x
    {_TIME}
    (?P<rest>.*)""",
    re.VERBOSE | re.DOTALL,
)
_WRITER = re.compile(
    r"""(?:
    \[\s*[TC]\d+\]\s?                                               # CONFIG_PRINTK_CALLER
    |\s*<\d>\.?\(\d\)\[\d+:[^\]]{1,20}\]\s?                         # MediaTek: <0>.(0)[1:swapper/0]
    |\s*\(\d\)\[\d+:[^\]]{1,20}\]\s?                                # MediaTek: (0)[1:swapper/0]
    |\s*[A-Z]?\[\d:\s*[^\]]{1,20}:\s*\d+\]\s?                       # Samsung: [0:      swapper/0:    1]
    |\s*c\d\s(?:\d+\s\([^)]{1,16}\)\s)?                             # Samsung: c0 1 (swapper/0)
    |\s*<\d>\s?
    |@\d\s                                                          # Asus: @0
    )""",
    re.VERBOSE,
)
_WRITERS = 3
"""How many of them stand in a row."""
_TIMES = 3
"""How many times stand in a row: a console's, and the kernel's."""
_MONOTONIC = re.compile(r"\S{1,255} kernel: ")
"""Behind the time of ``journalctl -o short-monotonic``."""
_LOGGERS = (
    re.compile(  # journalctl, short and ISO; syslog; with a few words before, as CI systems write them
        r"(?:\S{1,20}:? ){0,2}?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?"
        r"|\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
        r" \S{1,255} kernel(?:\[\d+\])?: (?P<rest>.*)",
        re.DOTALL,
    ),
    re.compile(  # logcat -v threadtime
        r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\s{1,9}(?:[a-z_]\S{0,20}\s{1,9})?\d+\s{1,9}\d+ (?P<letter>[VDIWEFS])\s{1,9}(?P<rest>.*)",
        re.DOTALL,
    ),
    re.compile(r"(?P<letter>[VDIWEFS])/\S{0,40}\s{0,9}\(\s{0,9}\d+\): (?P<rest>.*)", re.DOTALL),  # logcat -v brief
)
_WITHOUT_TIME = (
    re.compile(r"\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\](?P<rest>.*)", re.DOTALL),  # dmesg -T
    re.compile(r"(?P<raw>\d{1,4}),\d+,(?P<micros>\d{1,15}),[^;]{1,40};(?P<rest>.*)", re.DOTALL),  # /dev/kmsg
    re.compile(r"\[(?: {0,4}\+\d+[.,]\d+|[A-Z][a-z]{2}\d\d \d\d:\d\d)\](?P<rest>.*)", re.DOTALL),  # dmesg -e
    re.compile(r"<(?P<raw>\d{1,3})>(?P<rest>.*)", re.DOTALL),  # dmesg -r without times
)
_COLOUR = re.compile(r"\x1b\[[\d;]{0,16}m")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\udc80-\udcff]")
"""What a terminal would obey, or what turns the order of letters around."""
_LATE_TIME = re.compile(_TIME)
_NOISE_BEFORE = 160
_WIDE = 240
_JOINT = re.compile(r"(?<=\S) (?=\[ {0,4}\d{1,6}\.\d{6}\] )")
"""Where web pages joined the lines of a log that was pasted into them."""


def printable(text: str) -> str:
    r"""A text that a terminal only shows.

    Args:
        text: Any text.

    Returns:
        The same with control characters written out.

    Example:
        >>> print(printable("a\x1b[2Jb"))
        a\x1b[2Jb
    """
    return _CONTROLS.sub(_written, text)


def _written(match: re.Match[str]) -> str:
    code = ord(match.group())
    if 0xDC80 <= code <= 0xDCFF:
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def read(text: str) -> Iterator[LogLine]:
    """Read a log.

    Args:
        text: The log.

    Yields:
        Its lines, without empty ones.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        for piece in _JOINT.split(line) if len(line) > _WIDE else (line,):
            found = _line(number, piece)
            if found is not None:
                yield found


def _line(number: int, raw: str) -> LogLine | None:
    """One line; None for an empty one."""
    line = raw[:LONGEST].rstrip("\r\0 ").lstrip("\r\0")
    if not line:
        return None
    if "\x1b" in line[:8]:
        line = _COLOUR.sub("", line)
    match = _KERNEL.match(line)
    if match is None:
        return _otherwise(number, line)
    return _of_kernel(number, match)


def _of_kernel(number: int, match: re.Match[str], level: int | None = None) -> LogLine:
    """A line with the kernel's time; where a console kept its own time before it, the inner one counts."""
    for _ in range(_TIMES):
        raw, word, rest = match["raw"], match["word"], match["rest"]
        level = int(raw) & 7 if raw is not None else LEVELS.get(word, level)
        monotonic = _MONOTONIC.match(rest, 1)
        if monotonic:
            rest = rest[monotonic.end() :]
        inner = _KERNEL.match(rest.lstrip()) if rest[:4].lstrip()[:1] in {"[", "<"} else None
        if inner is None:
            break
        match = inner
    return LogLine(number, float(match["time"]), level, printable(_stripped(rest)))


def _stripped(rest: str) -> str:
    """Without what stands between time and text: who wrote it, on which processor."""
    rest = rest.removeprefix(" ")
    for _ in range(_WRITERS):
        writer = _WRITER.match(rest)
        if writer is None:
            break
        rest = rest[writer.end() :]
    return rest


def _otherwise(number: int, line: str) -> LogLine:
    """A line that does not begin with the kernel's time."""
    for logger in _LOGGERS:
        match = logger.match(line)
        if match:
            level = LOGCAT_LEVELS.get(match.groupdict().get("letter", ""))
            rest = match["rest"].removeprefix(":").lstrip() if level is not None else match["rest"]
            inner = _KERNEL.match(rest)
            return _of_kernel(number, inner, level) if inner else LogLine(number, None, level, printable(rest))
    late = _LATE_TIME.search(line, 0, _NOISE_BEFORE)
    match = _KERNEL.match(line, late.start()) if late else None
    if match:
        return _of_kernel(number, match)
    for form in _WITHOUT_TIME:
        match = form.match(line)
        if match:
            given = match.groupdict()
            time = int(given["micros"]) / 1e6 if "micros" in given else None
            level = int(given["raw"]) & 7 if "raw" in given else None
            return LogLine(number, time, level, printable(_stripped(match["rest"])))
    return LogLine(number, None, None, printable(line))

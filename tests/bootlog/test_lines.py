"""A kernel's log is read in every form that people save it in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.bootlog import LogLine, read
from pmport.bootlog.lines import LONGEST

FORMS = [
    ("dmesg", "[    1.250000] mmc0: new card", 1.25, None),
    ("few digits", "[ 1.25] mmc0: new card", 1.25, None),
    ("the caller", "[    1.250000][    T1] mmc0: new card", 1.25, None),
    ("the caller, a processor", "[    1.250000][   C0] mmc0: new card", 1.25, None),
    ("dmesg -r", "<6>[    1.250000] mmc0: new card", 1.25, 6),
    ("dmesg -r, with the facility", "<30>[    1.250000] mmc0: new card", 1.25, 6),
    ("dmesg -r, without times", "<4>mmc0: new card", None, 4),
    ("dmesg -x", "kern  :warn  : [    1.250000] mmc0: new card", 1.25, 4),
    ("dmesg -T", "[Thu Nov 26 02:43:06 2026] mmc0: new card", None, None),
    ("dmesg -e", "[  +0.000012] mmc0: new card", None, None),
    ("dmesg -e, the first of a minute", "[Nov26 02:43] mmc0: new card", None, None),
    ("/dev/kmsg", "6,339,1250000,-;mmc0: new card", 1.25, 6),
    ("/dev/kmsg, with the caller", "6,339,1250000,-,caller=T1;mmc0: new card", 1.25, 6),
    ("dmesg --color", "\x1b[32m[    1.250000] \x1b[0m\x1b[33mmmc0: \x1b[0mnew card\x1b[0m", 1.25, None),
    ("journalctl", "Nov 26 02:43:06 phone kernel: mmc0: new card", None, None),
    ("journalctl -o short-iso", "2026-11-26T02:43:06+0000 phone kernel: mmc0: new card", None, None),
    ("journalctl -o short-monotonic", "[    1.250000] phone kernel: mmc0: new card", 1.25, None),
    ("syslog", "Nov 26 02:43:06 phone kernel: [    1.250000] mmc0: new card", 1.25, None),
    ("a CI system", "CI-HINT: Mar 23 13:40:30 board kernel: mmc0: new card", None, None),
    ("a guest's serial port", "[guest0/uart0] [    1.250000] mmc0: new card", 1.25, None),
    ("serial noise", "\xff\xfe~~\x00g[    1.250000] mmc0: new card\r", 1.25, None),
    ("pmport console", "[    9.000] [    1.250000] mmc0: new card", 1.25, None),
    ("pmport console, without the kernel's time", "[    9.000] mmc0: new card", 9.0, None),
    ("Samsung", "<6>[    1.250000]  [0:      swapper/0:    1] mmc0: new card", 1.25, 6),
    ("Samsung, with a letter", "[    1.250000] I[0:      swapper/0:    1] mmc0: new card", 1.25, None),
    ("Samsung, older", "[    1.250000] c0 mmc0: new card", 1.25, None),
    ("Samsung, with the task", "[    1.250000] c1 1 (swapper/0) mmc0: new card", 1.25, None),
    ("MediaTek", "<6>[    1.250000]<0>.(0)[1:swapper/0]mmc0: new card", 1.25, 6),
    ("MediaTek, newer", "[    1.250000] (1)[1:swapper/0]mmc0: new card", 1.25, None),
    ("Asus", "[    1.300000] [    1.250000]@0 mmc0: new card", 1.25, None),
    ("Motorola", "[    1.250000,0] mmc0: new card", 1.25, None),
    ("logcat -b kernel", "01-01 00:00:00.000  root     0     0 I [    1.250000] mmc0: new card", 1.25, 6),
    ("logcat -b kernel, without times", "01-01 00:00:00.000     0     0 W         : mmc0: new card", None, 4),
    ("logcat -v brief", "I/KERNEL  (    0): [    1.250000] mmc0: new card", 1.25, 6),
    ("nothing but the text", "mmc0: new card", None, None),
]


@pytest.mark.parametrize(("line", "time", "level"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS])
def test_a_line_is_read_in_the_form_of(line: str, time: float | None, level: int | None) -> None:
    assert list(read(line)) == [LogLine(1, time, level, "mmc0: new card")]


@pytest.mark.parametrize("text", ["[drm] Initialized msm", "[pmOS-rd]: ERROR: no", "<unknown> x", "  indented+0x1/0x2"])
def test_brackets_of_the_text_stay(text: str) -> None:
    assert [line.text for line in read(f"[    1.0] {text}")] == [text]


def test_lines_that_a_web_page_joined_are_parted() -> None:
    joined = " ".join(f"[ {time}.635963] {'x' * 100} {time}" for time in range(1, 6))
    assert [(line.number, line.time) for line in read(joined)] == [(1, float(f"{time}.635963")) for time in range(1, 6)]


def test_lines_are_counted_as_an_editor_counts() -> None:
    assert [line.number for line in read("a\n\n\r\nb\r\n")] == [1, 4]


def test_what_a_terminal_would_obey_is_text() -> None:
    (line,) = read("[    1.0] a\x1b[2J\x07\x9b\u202eb")
    assert line.text == r"a\x1b[2J\x07\x9b\u202eb"


def test_a_line_of_a_megabyte_is_cut() -> None:
    (line,) = read("[    1.0] " + "x" * (1 << 20))
    assert len(line.text) < LONGEST


@given(st.text(max_size=200) | st.text("[]<>0123456789.:;,-()kernl \t\x1b\0c", max_size=200))
def test_any_text_is_read_and_is_safe_to_print(text: str) -> None:
    for line in read(text):
        assert line.text.isprintable() or not any(ord(char) < 32 and char != "\t" for char in line.text)
        assert line.level is None or 0 <= line.level <= 7


@given(st.binary(max_size=300))
def test_bytes_that_are_no_text_are_read(data: bytes) -> None:
    for line in read(data.decode("utf-8", "surrogateescape")):
        assert "\x1b" not in line.text
        line.text.encode()


@given(st.lists(st.sampled_from([form[1] for form in FORMS]), max_size=6), st.data())
def test_a_log_that_was_cut_anywhere_is_read(lines: list[str], data: st.DataObject) -> None:
    text = "\n".join(lines)
    assert len(list(read(text[: data.draw(st.integers(0, len(text)))]))) <= len(lines)

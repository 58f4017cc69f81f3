"""A phone's serial console is followed through its restarts, with times, and nothing of it is lost."""

from __future__ import annotations

import io
import os
import threading
import time
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmport.cli import pmport as command
from pmport.errors import DeadlineError, DeviceGoneError, NoDeviceError
from pmport.transport.console import Lines, follow
from pmport.transport.serial_port import SerialTransport
from pmport.virtual.serial_console import SerialConsole

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of Unix")


def waited(what: object, seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    assert callable(what)
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def test_lines_come_with_their_times_through_a_restart_of_the_phone(tmp_path: Path) -> None:
    log, stop = io.StringIO(), threading.Event()
    with SerialConsole(tmp_path / "ttyACM0") as phone:
        connect = partial(SerialTransport, str(tmp_path / "ttyACM0"))
        events: list[str] = []

        def run() -> None:
            events.extend(follow(connect, Lines(log), until=stop.is_set, seconds=20))

        thread = threading.Thread(target=run)
        thread.start()
        assert waited(lambda: "the port is open" in log.getvalue())
        phone.say("U-Boot 2024.01")
        assert waited(lambda: "U-Boot 2024.01" in log.getvalue())
        phone.unplug()
        assert waited(lambda: "the port is gone" in log.getvalue())
        phone.plug()
        assert waited(lambda: log.getvalue().count("the port is open") == 2)
        phone.say("Linux version 6.12")
        assert waited(lambda: "Linux version 6.12" in log.getvalue())
        stop.set()
        thread.join()
    assert events == ["opened", "gone", "opened"]
    times = [float(line[1:10]) for line in log.getvalue().splitlines()]
    assert times == sorted(times)


def test_a_port_is_read_and_written_with_deadlines(tmp_path: Path) -> None:
    with SerialConsole(tmp_path / "tty") as phone:
        port = SerialTransport(str(tmp_path / "tty"))
        with pytest.raises(DeadlineError):
            port.read(10, 0.05)
        port.write(b"root\n", 1)
        assert waited(lambda: phone.heard() == b"root\n")
        phone.say("hello")
        time.sleep(0.1)
        assert port.read(3, 1) == b"hel"
        assert port.read(10, 1) == b"lo\r\n"
        phone.unplug()
        with pytest.raises(DeviceGoneError):
            port.read(10, 1)
        port.close()


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(NoDeviceError, match="There is no /dev/nothing"):
        SerialTransport("/dev/nothing")


def test_a_line_that_never_ends_is_broken() -> None:
    log = io.StringIO()
    Lines(log).take(b"x" * 5000)
    assert len(log.getvalue()) > 5000


def test_the_command_keeps_a_log(tmp_path: Path) -> None:
    with SerialConsole(tmp_path / "tty") as phone:
        threading.Timer(0.3, phone.say, ["Booting"]).start()
        arguments = ["console", str(tmp_path / "tty"), "--seconds", "1", "--log", str(tmp_path / "boot.log")]
        run = CliRunner().invoke(command, arguments)
    assert run.exit_code == 0, run.output
    assert "Booting" in (tmp_path / "boot.log").read_text(encoding="utf-8")


def test_what_came_is_explained_at_the_end(tmp_path: Path) -> None:
    with SerialConsole(tmp_path / "ttyACM0") as phone:
        said = threading.Timer(
            0.5, phone.say, ["[    2.5] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)"]
        )
        said.start()
        result = CliRunner().invoke(command, ["console", str(tmp_path / "ttyACM0"), "--seconds", "2", "--explain"])
        said.join()
    assert result.exit_code == 1, result.output
    assert "1. error: The root file system cannot be mounted" in result.output

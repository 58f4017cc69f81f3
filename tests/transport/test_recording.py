"""What goes over the cable can be written down, shared without what identifies the phone, and played back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmport import flashers
from pmport.cli import pmport as command
from pmport.errors import DeadlineError, FormatError, TransportError
from pmport.section import Section
from pmport.transport import Replayer
from pmport.virtual import FastbootPhone, PyusbBackend

BIG = bytes(range(256)) * 64


def recording(*, raw: bool = False) -> list[str]:
    lines = io.StringIO()
    backend = PyusbBackend([FastbootPhone("lk2nd", serial="SECRET0123")])
    with flashers.open("fastboot", backend=backend, record=lines, raw=raw) as flasher:
        flasher.client.getvar("serialno")
        flasher.client.getvar("product")
        flasher.client.download(Section.of(BIG))
        flasher.client.flash("boot")
    return lines.getvalue().splitlines()


def test_every_message_is_written_with_its_time_and_its_direction() -> None:
    head, *rows = (json.loads(line) for line in recording())
    assert head["format"] == "pmport recording 1"
    assert [next(key for key in row if key != "t") for row in rows][:4] == ["out", "in", "out", "in"]
    assert {"text": "getvar:product"} in [row.get("out") for row in rows]
    assert [row["t"] for row in rows] == sorted(row["t"] for row in rows)
    assert any(row.get("out", {}).get("size") for row in rows)


def test_serial_numbers_are_taken_out_unless_they_are_asked_for() -> None:
    assert "SECRET0123" not in "\n".join(recording())
    assert "SECRET0123" in "\n".join(recording(raw=True))


def test_a_recording_is_played_back() -> None:
    replay = Replayer(recording(raw=True))
    with flashers.open("fastboot", transport=replay) as flasher:
        assert flasher.client.getvar("serialno") == "SECRET0123"
        assert flasher.client.getvar("product") == "lk2nd-msm8916"
        flasher.client.download(Section.of(BIG))
        flasher.client.flash("boot")
    assert replay.finished


def test_another_message_than_the_recorded_one_is_refused() -> None:
    with (
        flashers.open("fastboot", transport=Replayer(recording())) as flasher,
        pytest.raises(TransportError, match="another message"),
    ):
        flasher.client.getvar("version")


def test_errors_are_recorded_and_come_back() -> None:
    lines = [
        json.dumps({"format": "pmport recording 1"}),
        json.dumps({"error": {"type": "DeadlineError", "message": "late"}}),
    ]
    with pytest.raises(DeadlineError, match="late"):
        Replayer(lines).read(64, 1)
    with pytest.raises(DeadlineError, match="ends here"):
        Replayer(lines[:1]).read(64, 1)


@pytest.mark.parametrize("lines", [["no json"], ['{"format": "another"}']])
def test_what_is_no_recording_is_refused(lines: list[str]) -> None:
    with pytest.raises(FormatError):
        Replayer(lines)


def test_the_command_keeps_a_recording(tmp_path: Path) -> None:
    log = tmp_path / "phone.jsonl"
    run = CliRunner().invoke(command, ["getvar", "product", "--virtual", "lk2nd", "--log", str(log)])
    assert run.exit_code == 0, run.output
    assert "getvar:product" in log.read_text(encoding="utf-8")

"""``port`` runs again and again: what a person wrote stays, and the answers in the record make the package anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmport import demo, device_db
from pmport.cli import pmport as command

PORT = "port boot.img --codename acme-argon -o port"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("boot.img").write_bytes(bytes(demo.stock_image()))
    return tmp_path


def run(line: str, given: str = "") -> dict[str, object]:
    result = CliRunner().invoke(command, [*line.split(), "--json"], input=given, standalone_mode=False)
    assert result.exception is None, result.exception
    told: dict[str, object] = json.loads(result.stdout[result.stdout.index("{") :])
    return told


def test_the_same_again_changes_nothing() -> None:
    run(PORT)
    before = {path: path.read_bytes() for path in Path("port").rglob("*") if path.is_file()}
    assert run(PORT)["findings"] == []
    assert {path: path.read_bytes() for path in Path("port").rglob("*") if path.is_file()} == before


def test_answers_in_the_record_make_the_package_anew() -> None:
    run(PORT)
    record = Path("port/acme-argon.toml")
    answered = device_db.answered(
        device_db.parse(record.read_text(encoding="utf-8")),
        {"screen_width": "720", "year": "2018", "name": "Acme Argon"},
    )
    text = "# from the maker's page\n" + device_db.to_toml(answered)
    record.write_text(text, encoding="utf-8")
    run("port --record port/acme-argon.toml")
    assert 'deviceinfo_screen_width="720"' in Path("port/device-acme-argon/deviceinfo").read_text(encoding="utf-8")
    assert record.read_text(encoding="utf-8") == text
    generated = CliRunner().invoke(command, ["db", "generate", "port/acme-argon.toml"]).stdout
    assert generated in Path("port/device-acme-argon/deviceinfo").read_text(encoding="utf-8") or "720" in generated


def test_answers_stay_when_the_image_is_read_again() -> None:
    run(PORT)
    record = Path("port/acme-argon.toml")
    text = "# mine\n" + device_db.to_toml(
        device_db.answered(device_db.parse(record.read_text(encoding="utf-8")), {"year": "2018"})
    )
    record.write_text(text, encoding="utf-8")
    told = run(PORT)
    assert told["findings"] == []
    assert record.read_text(encoding="utf-8") == text
    assert 'deviceinfo_year="2018"' in Path("port/device-acme-argon/deviceinfo").read_text(encoding="utf-8")


def test_what_is_said_now_counts_before_the_record_and_the_edited_record_stays() -> None:
    run(f"{PORT} --year 2017")
    record = Path("port/acme-argon.toml")
    record.write_text(record.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    told = run(f"{PORT} --year 2018")
    assert 'deviceinfo_year="2018"' in Path("port/device-acme-argon/deviceinfo").read_text(encoding="utf-8")
    assert record.read_text(encoding="utf-8").endswith("# mine\n")
    assert [(item["code"], Path(item["where"]).name) for item in told["findings"]] == [("kept-edited", record.name)]  # type: ignore[attr-defined]  # as JSON has it


def test_an_edited_file_of_the_package_stays_until_it_is_given_up() -> None:
    run(PORT)
    edited = Path("port/device-acme-argon/modules-initfs")
    edited.write_text("my_module\n", encoding="utf-8")
    told = run(f"{PORT} --year 2018")
    assert told["result"]["kept"] == ["device-acme-argon/modules-initfs"]  # type: ignore[index]  # as JSON has it
    assert edited.read_text(encoding="utf-8") == "my_module\n"
    run(f"{PORT} --year 2018 --force")
    assert edited.read_text(encoding="utf-8") != "my_module\n"


def test_a_package_of_somebody_else_is_not_written_over() -> None:
    place = Path("port/device-acme-argon")
    place.mkdir(parents=True)
    (place / "APKBUILD").write_text("# theirs\n", encoding="utf-8")
    assert "device-acme-argon/APKBUILD" in run(PORT)["result"]["kept"]  # type: ignore[index]  # as JSON has it
    assert (place / "APKBUILD").read_text(encoding="utf-8") == "# theirs\n"


def test_questions_are_asked_and_a_wrong_answer_is_asked_again() -> None:
    first = [question for question in run(PORT)["result"]["questions"] if question["needed"]]  # type: ignore[index]  # as JSON has it
    answers = {
        "name": "Acme Argon",
        "manufacturer": "Acme",
        "year": "2018",
        "screen_width": "wide\n720",
        "screen_height": "1280",
    }
    given = "".join(f"{answers.get(question['key'], '')}\n" for question in first)
    told = run(f"{PORT} --ask", given)
    left = {question["key"] for question in told["result"]["questions"] if question["needed"]}  # type: ignore[index]  # as JSON has it
    assert not left & set(answers)
    text = Path("port/device-acme-argon/deviceinfo").read_text(encoding="utf-8")
    assert 'deviceinfo_screen_width="720"' in text
    assert 'deviceinfo_name="Acme Argon"' in text


@pytest.mark.parametrize(
    "line", ["port", "port boot.img", "port boot.img --record acme.toml", "port --codename acme-argon"]
)
def test_a_record_or_an_image_with_a_codename_is_wanted(line: str) -> None:
    Path("acme.toml").touch()
    assert CliRunner().invoke(command, line.split()).exit_code == 2

"""Finding knows every record, whether the index does or not: a new or changed device is its file and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

from pmport import device_db
from pmport.device_db import record_files, record_folders, search_index

RECORD = """codename = "acme-argon"
name = "Acme Argon"
arch = "aarch64"
compatible = ["acme,argon"]
"""


def forget() -> None:
    record_files.codenames.cache_clear()
    search_index.rows.cache_clear()
    search_index._soc.cache_clear()


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of three records with their index, which may be changed."""
    for name in ("devices", "socs"):
        (tmp_path / name).mkdir()
    shipped = Path(str(files("pmport.device_db")))
    for codename in ("fairphone-fp4", "nokia-n900", "oneplus-enchilada"):
        shutil.copy(shipped / "devices" / f"{codename}.toml", tmp_path / "devices")
    for soc in ("sdm845", "omap3430"):
        if (shipped / "socs" / f"{soc}.toml").exists():
            shutil.copy(shipped / "socs" / f"{soc}.toml", tmp_path / "socs")
    for module in (record_folders, search_index):
        monkeypatch.setattr(module, "files", lambda _: tmp_path)
    forget()
    (tmp_path / search_index.FILE).write_text(search_index.build(device_db.records()), encoding="utf-8")
    yield tmp_path
    forget()


def reread(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Codenames of the records that were read because the index does not know them."""
    read: list[str] = []

    def parse(text: str, file: str = "") -> device_db.Device:
        read.append(file.removesuffix(".toml"))
        return record_files.parse(text, file)

    monkeypatch.setattr(search_index, "parse", parse)
    forget()
    search_index.rows()
    return read


def test_the_index_that_is_shipped_is_right_and_knows_nearly_all_records() -> None:
    known = search_index.stamped_rows()
    fresh = {device.codename: search_index.IndexRow.of(device) for device in device_db.records()}
    assert search_index.rows() == tuple(fresh.values())
    right = [codename for codename, (_, row) in known.items() if fresh.get(codename) == row]
    assert len(right) >= 0.9 * len(fresh), "finding becomes slow: python -m pmport.device_db.search_index device_db"


def test_nothing_is_read_that_the_index_knows(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.exists()
    assert reread(monkeypatch) == []
    assert [row.codename for row in search_index.rows()] == ["fairphone-fp4", "nokia-n900", "oneplus-enchilada"]


def test_a_new_record_is_found_without_anything_else(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (database / "devices" / "acme-argon.toml").write_text(RECORD, encoding="utf-8")
    assert reread(monkeypatch) == ["acme-argon"]
    assert [row.codename for row in search_index.rows() if "acme,argon" in row.compatible] == ["acme-argon"]


def test_a_record_that_was_changed_by_one_letter_is_read_anew(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = database / "devices" / "nokia-n900.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("2009", "2008"), encoding="utf-8")
    assert reread(monkeypatch) == ["nokia-n900"]
    assert [row.year for row in search_index.rows() if row.codename == "nokia-n900"] == [2008]


def test_a_record_whose_chip_was_changed_is_read_anew(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = database / "socs" / "sdm845.toml"
    file.write_text(file.read_text(encoding="utf-8") + "\n# a comment\n", encoding="utf-8")
    assert reread(monkeypatch) == ["oneplus-enchilada"]


def test_a_record_that_is_gone_is_not_found(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (database / "devices" / "nokia-n900.toml").unlink()
    assert reread(monkeypatch) == []
    assert [row.codename for row in search_index.rows()] == ["fairphone-fp4", "oneplus-enchilada"]


@pytest.mark.parametrize(
    "damage", ["", "<<<<<<< ours\n", '["stamp","codename"]\n[1,"nokia-n900"]\n', "[7]\n{}\n", None]
)
def test_an_index_that_cannot_be_used_costs_time_and_nothing_else(
    damage: str | None, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = search_index.rows()
    index = database / search_index.FILE
    if damage is None:
        index.unlink()
    else:
        index.write_text(damage, encoding="utf-8")
    assert len(reread(monkeypatch)) == 3
    assert search_index.rows() == before


def test_the_index_is_a_line_for_each_record_so_that_branches_merge(database: Path) -> None:
    head, *lines = (database / search_index.FILE).read_text(encoding="utf-8").splitlines()
    assert json.loads(head)[:2] == ["stamp", "codename"]
    assert [json.loads(line)[1] for line in lines] == ["fairphone-fp4", "nokia-n900", "oneplus-enchilada"]

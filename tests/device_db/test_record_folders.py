"""Records of a folder beside the shipped ones, and checkouts that are newer than pmport."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

import pmport
from pmport import device_db, facts, generate
from pmport.cli import pmport as command
from pmport.device_db.pmaports_import import read_checkout
from pmport.device_db.search_index import rows
from pmport.devicetree import parse_source
from pmport.errors import RecordError, UnknownDeviceError

ARGON = """codename = "acme-argon"
name = "Acme Argon 9000"
manufacturer = "Acme"
compatible = ["acme,argon"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme-argon.toml").write_text(ARGON, encoding="utf-8")
    (tmp_path / "nokia-n900.toml").write_text('codename = "nokia-n900"\nname = "Nokia of mine"\n', encoding="utf-8")
    return tmp_path


def test_added_records_count_before_the_shipped_ones(folder: Path) -> None:
    shipped = device_db.codenames()
    with device_db.using(folder):
        assert set(device_db.codenames()) == {*shipped, "acme-argon"}
        assert device_db.load("nokia-n900").name == "Nokia of mine"
        assert device_db.search("argon 9000")[0].codename == "acme-argon"
        tree = parse_source('/dts-v1/; / { model = "x"; compatible = "acme,argon", "qcom,sdm845"; };')
        assert device_db.find(facts.of(pmport.open(bytes(tree))))[0].codename == "acme-argon"
    assert device_db.codenames() == shipped
    assert device_db.load("nokia-n900").name == "Nokia N900"
    with pytest.raises(UnknownDeviceError):
        device_db.load("acme-argon")
    assert len(rows()) == len(shipped)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such folder"), device_db.using(tmp_path / "absent"):
        pass


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "acme-argon"),
        ("search", "argon"),
        ("generate", "acme-argon"),
        ("generate", "acme-argon", "--as", "halium"),
    ],
)
def test_commands_take_a_folder_of_records(folder: Path, arguments: tuple[str, ...]) -> None:
    noun, *rest = arguments
    answer = CliRunner().invoke(command, ["db", noun, "--db", str(folder), *rest])
    assert answer.exit_code == 0
    assert "Acme Argon 9000" in answer.output


def checkout(folder: Path, deviceinfo: str) -> Path:
    package = folder / "device/community/device-oneplus-enchilada"
    package.mkdir(parents=True)
    (package / "deviceinfo").write_text(deviceinfo, encoding="utf-8")
    (package / "APKBUILD").write_text('pkgname=device-oneplus-enchilada\ndepends="linux-x"\n', encoding="utf-8")
    return folder


def test_keys_of_a_newer_schema_are_kept_and_written_back(tmp_path: Path) -> None:
    text = 'deviceinfo_format_version="0"\ndeviceinfo_codename="oneplus-enchilada"\ndeviceinfo_hologram="true"\n'
    ((_, device),) = read_checkout(checkout(tmp_path, text))
    assert isinstance(device, device_db.Device)
    assert device.newer_keys == {"hologram": "true"}
    assert device_db.parse(device_db.to_toml(device)) == device
    assert 'deviceinfo_hologram="true"\n' in generate.deviceinfo(device)


def test_imported_records_know_what_the_shipped_ones_know(tmp_path: Path) -> None:
    text = 'deviceinfo_codename="oneplus-enchilada"\ndeviceinfo_name="OnePlus 6"\n'
    ((_, device),) = read_checkout(checkout(tmp_path, text))
    shipped = device_db.load("oneplus-enchilada")
    assert isinstance(device, device_db.Device)
    assert (device.soc, device.compatible, device.qcom_board_id) == (
        shipped.soc,
        shipped.compatible,
        shipped.qcom_board_id,
    )
    assert device.kernels == ("linux-x",)

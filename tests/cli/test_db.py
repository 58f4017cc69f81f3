"""Records and deviceinfo from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from pmport import demo, device_db, generate
from pmport.cli import pmport


def run(*args: str) -> Result:
    return CliRunner().invoke(pmport, list(args), standalone_mode=False)


def test_a_record_is_shown() -> None:
    assert "oneplus,enchilada" in run("db", "show", "oneplus-enchilada").output


def test_records_are_searched_by_word_and_value() -> None:
    found = json.loads(run("db", "search", "fairphone", "--arch", "aarch64", "--json").output)["result"]
    assert "fairphone-fp5" in {row["codename"] for row in found}
    assert run("db", "search", "no", "such", "phone").output.strip() == "no record holds that"


def test_a_phone_that_nobody_knows_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "phone.txt"
    path.write_text("(bootloader) version:0.4\n(bootloader) product:never-seen\n", encoding="utf-8")
    assert "none of the records" in run("db", "identify", str(path)).output


def test_a_record_file_is_validated(tmp_path: Path) -> None:
    good, bad = tmp_path / "oneplus-enchilada.toml", tmp_path / "a-b.toml"
    good.write_text(device_db.to_toml(device_db.load("oneplus-enchilada")), encoding="utf-8")
    bad.write_text('codename = "a-b"\nyaer = 1\n', encoding="utf-8")
    assert run("db", "validate", str(good)).return_value == 0
    result = run("db", "validate", str(good), str(bad))
    assert result.return_value == 1
    assert "Did you mean year" in result.output


def test_deviceinfo_is_linted_mended_shown_and_converted(tmp_path: Path) -> None:
    path = tmp_path / "deviceinfo"
    text = generate.deviceinfo(device_db.load("nokia-n900"))
    path.write_text(text + 'deviceinfo_gpu_accelerated="true"\n', encoding="utf-8")
    assert "renamed-key" in run("deviceinfo", "lint", str(path)).output
    assert "mended" in run("deviceinfo", "fix", str(path)).output
    assert "nothing to mend" in run("deviceinfo", "fix", str(path)).output
    assert "Nokia N900" in run("deviceinfo", "show", str(path)).output
    record = device_db.parse(run("deviceinfo", "convert", str(path)).output)
    assert record.flash.method == "0xffff"


def test_a_port_is_drafted_from_a_stock_image(tmp_path: Path) -> None:
    image = tmp_path / "boot.img"
    image.write_bytes(bytes(demo.stock_image()))
    known = ("--name", "Argon", "--manufacturer", "Acme", "--year", "2020", "--chassis", "handset", "--arch", "aarch64")
    result = run("port", str(image), "--codename", "acme-argon", *known, "-o", str(tmp_path), "--json")
    assert result.exception is None
    told = json.loads(result.output)
    assert told["findings"] == []
    assert {"flash_method", "screen_width", "getty"} <= {q["key"] for q in told["result"]["questions"] if q["needed"]}
    assert sorted(path.name for path in (tmp_path / "device-acme-argon").iterdir()) == [
        "APKBUILD", "deviceinfo", "kernel-cmdline.conf", "modules-initfs",
    ]  # fmt: skip
    assert "serialno" not in (tmp_path / "device-acme-argon" / "kernel-cmdline.conf").read_text(encoding="utf-8")

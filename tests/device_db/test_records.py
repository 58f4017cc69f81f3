"""Every record is well-formed, says what its port says, and generates a deviceinfo without a finding."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from support import REPOSITORY

from pmport import device_db, generate
from pmport.device_db.deviceinfo_keys import DEFAULT_BASE, DROPPED, KEYS, from_deviceinfo
from pmport.device_db.port_record import record
from pmport.device_db.toml_writer import dotted
from pmport.errors import RecordError, UnknownDeviceError
from pmport.findings import Severity
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import Schema, lint

FACTS = REPOSITORY.parent / "shared" / "facts" / "data" / "devices.json"
CODENAMES = device_db.codenames()
WELL_KNOWN = {
    "nokia-n900": "0xffff",
    "oneplus-enchilada": "fastboot",
    "samsung-crespo": "fastboot",
    "samsung-a32": "heimdall-bootimg",
    "samsung-i9100-downstream": "heimdall-isorec",
    "xiaomi-cereus": "mtkclient",
    "purism-librem5": "uuu",
    "pine64-pinephone": "",
    "pine64-quartz64": "rkdeveloptool",
    "fairphone-fp5": "fastboot",
}


@pytest.mark.parametrize("codename", CODENAMES)
def test_a_record_reads_writes_back_and_generates_a_clean_deviceinfo(codename: str) -> None:
    device = device_db.load(codename)
    assert device_db.parse(device_db.to_toml(device), f"{codename}.toml") == device
    info = DeviceInfo.parse(generate.deviceinfo(device))
    unported = {"missing-key", "name-without-maker"} if device.category == "none" else set()
    bad = [finding for finding in lint(info) if finding.severity is Severity.ERROR and finding.code not in unported]
    assert not bad
    again = from_deviceinfo(info, variants=device.variants)
    assert generate.deviceinfo_values(again) == generate.deviceinfo_values(device)


@pytest.mark.parametrize(("codename", "method"), WELL_KNOWN.items())
def test_well_known_ports_of_every_method_are_there(codename: str, method: str) -> None:
    assert device_db.load(codename).flash.method == method


@pytest.mark.parametrize("path", sorted((REPOSITORY / "device_db" / "socs").glob("*.toml")), ids=lambda path: path.stem)
def test_a_chip_is_named_as_its_file(path: Path) -> None:
    assert device_db.load_soc(path.stem).name == path.stem


def test_the_example_explains_every_key() -> None:
    text = (REPOSITORY / "device_db" / "EXAMPLE.toml").read_text(encoding="utf-8")
    device = device_db.parse(text, "EXAMPLE.toml")
    written = dict(dotted(device))
    for key in KEYS.values():
        family = key.path.split(".")
        if family[:2] != ["flash", "partitions"] and key.path != "format_version":
            assert f"{family[-1]} = " in text, f"{key.path} is not in the example"
    assert written["boot.addresses.kernel"] == "0x80008000"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('codename = "a-b"\nyaer = 2020\n', "a-b.toml: yaer: There is no such key. Did you mean year"),
        ('codename = "a-b"\nyear = "2020"\n', "year: '2020' is not int"),
        ('name = "x"\n', "codename: The key is missing"),
        ('codename = "a-c"\n', "is not the file's name"),
        ('codename = "a-b"\n[boot.addresses]\nkernal = 1\n', "boot.addresses.kernal"),
        ("codename = \n", "It is no TOML"),
    ],
)
def test_a_broken_record_names_its_file_and_key(text: str, words: str) -> None:
    with pytest.raises(RecordError) as caught:
        device_db.parse(text, "a-b.toml")
    assert words in str(caught.value)


def test_an_unknown_device_is_guessed() -> None:
    with pytest.raises(UnknownDeviceError, match="oneplus-enchilada"):
        device_db.load("oneplus-enchillada")
    with pytest.raises(UnknownDeviceError):
        device_db.load("../secrets")


def test_every_live_key_of_the_schema_has_a_typed_place() -> None:
    assert set(Schema.shipped().live) == set(KEYS)


def effective(values: dict[str, str]) -> dict[str, object]:
    """What a consumer sees: defaults applied, numbers as numbers, addresses absolute."""
    schema = Schema.shipped()
    base = int(values.get("flash_offset_base", hex(DEFAULT_BASE)), 16)
    seen: dict[str, object] = {}
    for key in {*values, *schema.live}:
        value = values.get(key, schema.default(key))
        if value is None:
            continue
        if key == "flash_offset_base":
            seen[key] = base
        elif key.startswith("flash_offset_"):
            seen[key] = (base + int(value, 16)) % (1 << 32)
        elif key.startswith("usb_id"):
            seen[key] = int(value, 16)
        else:
            seen[key] = value.split() if key in {"dtb", "keymaps"} else value
    return seen


@pytest.mark.skipif(not FACTS.exists(), reason=f"the facts of all ports are not here: {FACTS}")
def test_records_say_what_their_ports_say_save_the_noted_corrections(capsys: pytest.CaptureFixture[str]) -> None:
    ports = json.loads(FACTS.read_text(encoding="utf-8"))["devices"]
    assert set(ports) <= set(CODENAMES)
    corrected = 0
    for codename, port in ports.items():
        source = {key: value for key, value in port["deviceinfo"].items() if key not in DROPPED}
        device = record(codename, port, {})
        noted = {item.key for item in device.corrections} | ({"codename"} if source["codename"] != codename else set())
        ours = effective(generate.deviceinfo_values(device))
        theirs = effective({key: value for key, value in source.items() if key not in noted})
        different = {key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)} - noted
        assert not different, f"{codename}: {different}"
        corrected += len(device.corrections)
        loaded = device_db.load(codename)
        assert generate.deviceinfo_values(loaded) == generate.deviceinfo_values(device)
    with capsys.disabled():
        pass


def test_sh_reads_the_same_values(tmp_path: Path) -> None:
    names = CODENAMES[::13]
    script = []
    for codename in names:
        (tmp_path / codename).write_text(generate.deviceinfo(device_db.load(codename)), encoding="utf-8")
        script.append(f"( . ./{codename}; set | grep ^deviceinfo_ | sort; echo == )")
    shell = subprocess.run(["sh", "-c", "\n".join(script)], cwd=tmp_path, capture_output=True, text=True, check=True)
    for codename, block in zip(names, shell.stdout.split("==\n"), strict=False):
        info = DeviceInfo.parse((tmp_path / codename).read_bytes())
        seen = {line.partition("=")[0]: line.partition("=")[2].strip("'") for line in block.splitlines()}
        for key, value in info.items():
            assert seen[f"deviceinfo_{key}"].replace("'\\''", "'") == value

"""Nothing that is made to be shared tells which phone it was: reports, JSON, tables of notebooks, packages, recordings."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import pmport
from pmport import demo, device_db, flashers, generate
from pmport.cli import pmport as command
from pmport.formats.boot.image import BootImage
from pmport.formats.reports.getvars import GetVars
from pmport.virtual import FastbootPhone, PyusbBackend

SERIAL, IMEI, ADDRESS, CHIP = "R58M12SECRET", "490154203237518", "a4:50:46:12:34:56", "0x5ec4e7c0ffee"
SECRETS = (SERIAL, IMEI, ADDRESS, CHIP)
CMDLINE = f"console=tty0 androidboot.serialno={SERIAL} androidboot.wifimacaddr={ADDRESS} androidboot.cpuid={CHIP} quiet"
GETVARS = "".join(
    f"(bootloader) {line}\n"
    for line in (
        "product: argon",
        f"serialno: {SERIAL}",
        f"imei:{IMEI}",
        f"btmac: {ADDRESS}",
        f"cpuid: {CHIP}",
        "version: 0.5",
    )
)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    tree = pmport.devicetree.Blob.parse(demo.device_tree()).tree()
    tree.root["serial-number"] = SERIAL
    tree.root.add("chosen") if tree.chosen is None else None
    tree["/chosen"]["bootargs"] = CMDLINE
    made = BootImage.build(
        demo.kernel(), demo.ramdisk(), dtb=bytes(tree), header_version=2, page_size=4096, cmdline=CMDLINE
    )
    path = tmp_path / "boot.img"
    path.write_bytes(bytes(made))
    return path


@pytest.fixture
def getvars(tmp_path: Path) -> Path:
    path = tmp_path / "getvars.txt"
    path.write_text(GETVARS, encoding="utf-8")
    return path


def clean(text: str) -> bool:
    return not any(secret in text for secret in SECRETS)


COMMANDS: dict[str, tuple[str, ...]] = {
    "inspect": ("inspect", "IMAGE"),
    "inspect a recording of getvar": ("inspect", "GETVARS"),
    "port": ("port", "IMAGE", "--codename", "acme-argon", "-o", "OUT"),
    "port with its reasons": ("port", "IMAGE", "--codename", "acme-argon", "-o", "OUT", "--explain"),
    "identify": ("db", "identify", "IMAGE"),
    "identify a phone": ("db", "identify", "GETVARS"),
    "bootcheck": ("bootcheck", "IMAGE"),
    "trees": ("dt", "identify", "IMAGE"),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_tells_it(name: str, as_json: bool, image: Path, getvars: Path, tmp_path: Path) -> None:
    places = {"IMAGE": image, "GETVARS": getvars, "OUT": tmp_path / "out"}
    arguments = [str(places.get(word, word)) for word in COMMANDS[name]] + (["--json"] if as_json else [])
    run = CliRunner().invoke(command, arguments)
    assert run.exception is None or isinstance(run.exception, SystemExit), run.exception
    assert run.output
    assert clean(run.output)


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("name", ["all", "serialno"])
def test_what_a_phone_answers_is_told_without_it_unless_it_is_asked_for(
    name: str, as_json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = PyusbBackend([FastbootPhone("lk2nd", serial=SERIAL, variables={"imei": IMEI, "cpuid": CHIP})])
    monkeypatch.setattr("pmport.cli.phone._bus", lambda _: backend)
    arguments = ["getvar", name, "--virtual", "lk2nd", *(["--json"] if as_json else [])]
    assert clean(CliRunner().invoke(command, arguments).output)
    assert SERIAL in CliRunner().invoke(command, [*arguments, "--no-redact"]).output


def test_no_generated_file_holds_it(image: Path) -> None:
    with pmport.open(image) as opened:
        draft = device_db.draft(pmport.facts.of(opened), codename="acme-argon")
    texts = [*generate.device_package(draft.device, draft.questions).values(), device_db.to_toml(draft.device)]
    texts += [make(draft.device) for make in (generate.mobile_nixos, generate.halium_deviceinfo, generate.extlinux)]
    assert clean("\n".join(texts))


VIEWS: dict[str, Callable[[Path], object]] = {
    "An image": pmport.open,
    "its facts": lambda path: pmport.facts.of(pmport.open(path)),
    "a draft": lambda path: device_db.draft(pmport.facts.of(pmport.open(path)), codename="acme-argon"),
    "getvars": lambda _: GetVars.parse(GETVARS.encode()),
    "facts of a phone": lambda _: pmport.facts.of(GetVars.parse(GETVARS.encode())),
}


@pytest.mark.parametrize("name", VIEWS)
def test_no_notebook_shows_it(name: str, image: Path) -> None:
    value = VIEWS[name](image)
    assert clean(value._repr_html_())  # type: ignore[attr-defined]
    assert clean(str(value.view()))  # type: ignore[attr-defined]  # every value that is shown has a view


def test_no_recording_holds_it() -> None:
    lines = io.StringIO()
    backend = PyusbBackend([FastbootPhone("lk2nd", serial=SERIAL, variables={"imei": IMEI, "cpuid": CHIP})])
    with flashers.open("fastboot", backend=backend, record=lines) as flasher:
        flasher.client.getvars()
        flasher.client.getvar("serialno")
        flasher.client.getvar("imei")
    assert clean(lines.getvalue())

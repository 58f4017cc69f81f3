"""What a user's checker sees of the installed wheel: right uses pass, and every wrong use is an error on its line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RIGHT = """
import io
from collections.abc import Mapping
from pathlib import Path

import pmport
from pmport import device_db, devicetree, errors, facts, flashers, formats, generate, kernels, plan, transport, virtual, wire
from pmport.formats import BootImage, Container, KernelConfig, Node

node: Node = pmport.open("boot.img")
image: BootImage = pmport.open(Path("boot.img"), BootImage)
with pmport.open(b"bytes", BootImage) as same:
    edited: BootImage = same.replace(cmdline="quiet", ramdisk="ramdisk.cpio", kernel=b"kernel")
edited.write_to("new.img")
edited.write_to(io.BytesIO())
built = BootImage.build("Image", Path("ramdisk"), cmdline="quiet")
known: facts.DeviceFacts = facts.of(image) | facts.of(pmport.open("getvar.txt"))
config: KernelConfig | None = image.find(KernelConfig)
if config is not None:
    table: Mapping[str, str] = config
    value: str = config["USB"]
    is_there: bool = "CONFIG_USB" in config
    options: dict[str, str] = dict(config)
    merged: KernelConfig = config.replace({"USB": "y"})
    needed: str = kernels.fragment(kernels.check(config, categories=["community"]))
if isinstance(node, Container):
    inner: Node = node["kernel"]
device: device_db.Device = device_db.load("oneplus-enchilada")
draft: device_db.Draft = device_db.draft(known, codename="acme-argon", name="Acme Argon", manufacturer="Acme", year=2018)
text: str = generate.deviceinfo(device)
package: Mapping[str, str] = generate.device_package(draft.device, draft.questions)
flash: plan.FlashPlan = generate.flash_plan(device, {"boot": "new.img"})
tree: devicetree.DeviceTree = devicetree.Blob.parse("board.dtb").tree()
phone = virtual.FastbootPhone("lk2nd")
with flashers.open("fastboot", backend=virtual.PyusbBackend([phone])) as flasher:
    flasher.run(flash)
    speaks: flashers.Flasher = flasher
    client: flashers.FastbootClient = flasher.client
found: list[pmport.Finding] = list(image.findings())
section: pmport.Section = pmport.Section.of("Image")
names: list[str] = [row.kind for row in formats.FORMATS]
parts: int = wire.fastboot.__name__.count("fastboot")
try:
    pmport.open("boot.img")
except errors.UnknownFormatError as error:
    offset = error.offset
version: str = pmport.__version__
"""

WRONG = (
    'pmport.opne("boot.img")',
    "pmport.formats.BootImages",
    "pmport.facts.DeviceFact",
    'pmport.flashers.opened("fastboot")',
    'pmport.flashers.open("fastboot").rnu(plan)',
    'pmport.flashers.open("0xffff").client.getvras()',
    "pmport.generate.device_info",
    "pmport.devicetree.DeviceTre",
    "pmport.kernels.chek",
    "pmport.device_db.lod",
    "pmport.virtual.FastbotPhone",
    "pmport.transport.UsbTransprt",
    "pmport.bootcheck.chck",
    "pmport.wire.fastbot",
    "pmport.errors.FormtError",
    "from pmport.formats import BootImge",
    "from pmport import flasher",
    'pmport.open("boot.img").replace(cmdline="quiet")',
    "pmport.open(7)",
    'pmport.open("boot.img", str)',
    'pit: pmport.formats.Pit = pmport.open("boot.img", pmport.formats.BootImage)',
    'image.replace(comand_line="quiet")',
    "image.replace(cmdline=7)",
    'image.write_to(open("new.img", "w"))',
    "image.cmdlines",
    'config["USB"] = "y"',
    'number: int = config["USB"]',
    "image.find(KernelConfig()).value",
    "pmport.generate.flash_plan(device)",
    'pmport.device_db.load(codenam="acme-argon")',
    "device.codenames",
    "pmport.Section.of(None)",
)
GIVEN = """
import pmport
from pmport.formats import BootImage, KernelConfig

image = pmport.open("boot.img", BootImage)
config = KernelConfig.parse(b"CONFIG_USB=y")
device = pmport.device_db.load("oneplus-enchilada")
plan = pmport.generate.flash_plan(device, {"boot": "boot.img"})
"""


@pytest.fixture
def uses(tmp_path: Path) -> tuple[Path, Path]:
    """The file of right uses, and the file of wrong ones."""
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT, encoding="utf-8")
    wrong.write_text(GIVEN + "\n".join(WRONG) + "\n", encoding="utf-8")
    return right, wrong


def expected() -> list[tuple[int, str]]:
    """Line numbers of the wrong uses, with what stands there."""
    return list(enumerate(WRONG, GIVEN.count("\n") + 1))


def hold(errors: list[tuple[str, int, str]]) -> None:
    """Errors are in every wrong line and nowhere else."""
    assert [error for error in errors if error[0] == "right.py"] == []
    lines = {line for file, line, _ in errors if file == "wrong.py"}
    assert [text for line, text in expected() if line not in lines] == [], "wrong, and no error"
    assert lines <= {line for line, _ in expected()}


def test_mypy(installed: Path, uses: tuple[Path, Path], tmp_path: Path) -> None:
    options = ["--strict", "--no-error-summary", "--output=json", "--cache-dir", str(tmp_path / "cache")]
    command = [sys.executable, "-m", "mypy", *options, "--python-executable", str(installed), *map(str, uses)]
    clean = {name: value for name, value in os.environ.items() if name not in {"MYPYPATH", "PYTHONPATH"}}
    result = subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert not result.stderr
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    hold(
        [
            (Path(message["file"]).name, message["line"], message["message"])
            for message in messages
            if message["severity"] == "error"
        ]
    )


@pytest.mark.online
def test_pyright(installed: Path, uses: tuple[Path, Path], tmp_path: Path) -> None:
    """The checker of editors. Its package brings the program at its first run."""
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "standard"}), encoding="utf-8")
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", str(installed), *map(str, uses)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    report = json.loads(result.stdout)
    assert report["summary"]["filesAnalyzed"] >= 2
    hold(
        [
            (Path(message["file"]).name, message["range"]["start"]["line"] + 1, message["message"])
            for message in report["generalDiagnostics"]
            if message["severity"] == "error"
        ]
    )

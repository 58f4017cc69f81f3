"""Ten lines for each task, as somebody writes them who has read the README and the API pages: they run as guessed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import pmport
from pmport import demo

INSPECT = """
import pmport

with pmport.open("boot.img") as image:
    print(image)
    for path, node in image.walk():
        print(path or "the file", node.KIND, node.size)
    for label, value in image.describe():
        print(label, value)
    facts = pmport.facts.of(image)
print(facts.best("page_size"), [found.codename for found in pmport.device_db.find(facts)])
"""
FLASH = """
import pmport

device = pmport.device_db.load("oneplus-enchilada")
plan = pmport.generate.flash_plan(device, {"boot": "boot.img"})
print(plan)
phone = pmport.virtual.FastbootPhone("lk2nd")
with pmport.flashers.open("fastboot", backend=pmport.virtual.PyusbBackend([phone])) as flasher:
    flasher.run(plan, on_event=print)
print(phone.partitions["boot"])
"""
CONFIG = """
import pmport
from pmport.formats import KernelConfig

KernelConfig.build({"USB": "m", "NAMESPACES": "y"}).write_to("kernel.config")
config = pmport.open("kernel.config", KernelConfig)
print(len(config), config["USB"], "CONFIG_PCI" in config, dict(config))
findings = pmport.kernels.check(config)
better = pmport.kernels.merge(config, pmport.kernels.fragment(findings)).config
print(better.is_on("DEVTMPFS"))
"""
OVERLAY = """
from pmport import devicetree

base = devicetree.parse_source('/dts-v1/; / { uart: serial@0 { status = "disabled"; }; };')
overlay = devicetree.parse_source('/dts-v1/; /plugin/; &{/serial@0} { status = "okay"; };')
report = devicetree.apply_overlay(base, overlay)
tree = report.tree
print(tree["/serial@0"]["status"].string)
devicetree.Blob.build(tree).write_to("board.dtb")
print(devicetree.to_source(devicetree.Blob.parse("board.dtb").tree()))
"""
BUILD = """
from pathlib import Path
import pmport
from pmport.formats import BootImage

Path("Image").write_bytes(b"kernel")
image = BootImage.build("Image", cmdline="console=tty0", page_size=2048)
image.replace(ramdisk=b"ramdisk").write_to("new.img")
again = pmport.open("new.img", BootImage)
print(again.cmdline, again["kernel"], again.ramdisk.read(), pmport.bootcheck.check(again))
"""
SCRIPTS = {
    "inspect": (INSPECT, "2048 []"),
    "flash": (FLASH, "<Partition of "),
    "config": (CONFIG, "2 m False {'USB': 'm', 'NAMESPACES': 'y'}\nTrue"),
    "overlay": (OVERLAY, "okay\n/dts-v1/;"),
    "build": (BUILD, "console=tty0"),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_newcomers_script_runs_as_guessed(name: str, tmp_path: Path) -> None:
    script, shown = SCRIPTS[name]
    assert script.count("\n") <= 12
    (tmp_path / "boot.img").write_bytes(bytes(demo.stock_image()))
    (tmp_path / "script.py").write_text(script, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(Path(pmport.__file__).parent.parent)}
    command = [sys.executable, "-W", "error", "script.py"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert shown in done.stdout

"""Files that bootloaders read: each is accepted by the program that reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support import judge

from pmport import device_db, generate

LK2ND = [device for device in device_db.records() if device.qcom_msm_id]


@pytest.mark.judge
def test_every_file_for_lk2nd_is_one_that_dtc_compiles(tmp_path: Path) -> None:
    (tmp_path / "skeleton.dtsi").write_text("/dts-v1/;\n/ { };\n", encoding="utf-8")
    (tmp_path / "skeleton64.dtsi").write_text("/dts-v1/;\n/ { };\n", encoding="utf-8")
    (tmp_path / "lk2nd.dtsi").write_text("/ { lk2nd: lk2nd { }; };\n", encoding="utf-8")
    program = judge("dtc", "device-tree-compiler")
    for device in LK2ND[::4]:
        source = "\n".join(
            f'/include/ "{line.split("<")[1].rstrip(">")}"' if line.startswith("#include") else line
            for line in generate.lk2nd_node(device).splitlines()
        )
        command = [program, "-I", "dts", "-O", "dtb", "-o", "/dev/null", "-q", "-i", str(tmp_path), "-"]
        answer = subprocess.run(command, input=source + "\n", text=True, capture_output=True, check=False)
        assert answer.returncode == 0, f"{device.codename}: {answer.stderr}"


def test_lk2nd_knows_a_samsung_by_its_bootloaders_version() -> None:
    device = device_db.parse('codename = "samsung-argon"\nmanufacturer = "Samsung"\nmodel_numbers = ["SM-T355Y"]\n')
    assert 'lk2nd,match-bootloader = "T355Y*";' in generate.lk2nd_node(device)


def test_lk2nd_gets_the_panels_that_the_record_knows() -> None:
    text = generate.lk2nd_node(device_db.load("asus-z00t"))
    assert 'compatible = "asus,z00t-panel", "lk2nd,panel";' in text
    assert 'compatible = "asus,z00t-tm5p5-nt35596";' in text


def test_extlinux_names_the_tree_and_the_console() -> None:
    text = generate.extlinux(device_db.load("fairphone-fp5"))
    assert "fdt /dtbs/qcom/qcm6490-fairphone-fp5.dtb" in text
    assert "console=ttyMSM0,115200" in text
    assert "root=" not in text
    assert "root=/dev/sda1" in generate.extlinux(device_db.load("fairphone-fp5"), root="/dev/sda1")


def test_extlinux_lets_u_boot_choose_among_several_trees() -> None:
    device = device_db.parse('codename = "acme-argon"\ndtb = ["a/b", "a/c"]\n')
    assert "\tfdtdir /dtbs\n" in generate.extlinux(device)
    assert "\tfdtdir /dtbs\n" in generate.extlinux(device_db.Device("acme-argon"))


@pytest.mark.judge
def test_mkimage_wraps_the_script_for_u_boot(tmp_path: Path) -> None:
    text = generate.uboot_script(device_db.load("pine64-pinephone"))
    (tmp_path / "boot.cmd").write_text(text, encoding="utf-8")
    command = [
        judge("mkimage", "u-boot-tools"),
        "-T",
        "script",
        "-C",
        "none",
        "-n",
        "boot",
        "-d",
        "boot.cmd",
        "boot.scr",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert text.encode() in (tmp_path / "boot.scr").read_bytes()


def test_each_architecture_has_its_command_to_boot() -> None:
    assert "booti " in generate.uboot_script(device_db.Device("acme-argon", arch="aarch64"))
    assert "bootz " in generate.uboot_script(device_db.Device("acme-argon", arch="armv7"))

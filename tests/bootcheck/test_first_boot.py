"""A first command line, from what a device tree tells."""

from __future__ import annotations

import pytest

from pmport.bootcheck import propose
from pmport.bootcheck.first_boot import UARTS
from pmport.devicetree import DeviceTree, parse_source

UART = 'serial@78b0000 { compatible = "qcom,msm-uartdm-v1.4", "qcom,msm-uartdm"; reg = <0x78b0000 0x200>; };'
SOC = f"soc {{ #address-cells = <1>; #size-cells = <1>; ranges; {UART} }};"


def line(body: str) -> str:
    tree = parse_source(f"/ {{ #address-cells = <1>; #size-cells = <1>; {body} }};")
    return " ".join(row.word for row in propose(tree))


@pytest.mark.parametrize(
    ("body", "begins"),
    [
        (SOC, "earlycon=msm_serial_dm,0x78b0000 console=ttyMSM0,115200n8 "),
        (f'aliases {{ serial0 = "/soc/serial@78b0000"; }}; chosen {{ stdout-path = "serial0:9600n8"; }}; {SOC}', "earlycon console=ttyMSM0,9600n8 "),
        (f'aliases {{ serial2 = "/soc/serial@78b0000"; }}; chosen {{ stdout-path = "serial2"; }}; {SOC}', "earlycon console=ttyMSM2,115200n8 "),
        (f'chosen {{ stdout-path = "/soc/serial@78b0000"; }}; {SOC}', "earlycon console=ttyMSM0,115200n8 "),
        ('chosen { stdout-path = "/nowhere; reboot"; };', "ignore_loglevel "),
        (f'aliases {{ serial0 = "/soc/serial@78b0000"; }}; chosen {{ stdout-path = "serial0:x init=/bin/sh"; }}; {SOC}', "earlycon=msm_serial_dm,0x78b0000 "),
        ("", "ignore_loglevel clk_ignore_unused "),
    ],
)  # fmt: skip
def test_the_serial_port_is_the_one_that_the_tree_names(body: str, begins: str) -> None:
    text = line(body)
    assert text.startswith(begins)
    assert "init=" not in text


def test_the_screen_comes_before_the_serial_port_because_the_last_console_is_inits() -> None:
    screen = 'framebuffer@8e000000 { compatible = "simple-framebuffer"; reg = <0x8e000000 0x100000>; };'
    words = line(f"chosen {{ {screen} }}; {SOC}").split()
    assert words.index("console=tty0") < words.index("console=ttyMSM0,115200n8")
    assert "fbcon=font:TER16x32" in words


def test_a_panic_restarts_the_phone_where_its_log_survives() -> None:
    assert line('reserved-memory { ramoops@9f { compatible = "ramoops"; reg = <0x9f 1>; }; };').endswith(" panic=10")
    assert "panic" not in line('reserved-memory { ramoops@9f { compatible = "ramoops"; status = "disabled"; }; };')


def test_every_word_has_its_reason() -> None:
    assert all(row.why for row in propose(DeviceTree()))


def test_the_names_are_words_of_a_command_line() -> None:
    for compatible, (early, terminal) in UARTS.items():
        assert f"{compatible}{early}{terminal}".isascii()
        assert " " not in f"{early}{terminal}"
        assert terminal.startswith("tty")

"""What identifies a phone is taken out before sharing, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.redaction import REDACTED, identifies, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("androidboot.serialno=LGD8021a2b3c4d loop.max_part=7", "LGD8021a2b3c4d"),
        ("(bootloader) serialno:0a1b2c3d", "0a1b2c3d"),
        ("(bootloader) imei: 490154203237518", "490154203237518"),
        ("the second line reads 490154203237518", "490154203237518"),
        ("androidboot.wifimacaddr=02:00:00:44:55:66 quiet", "02:00:00:44:55:66"),
        ("btmac=a0:b1:c2:d3:e4:f5", "a0:b1:c2:d3:e4:f5"),
        ("cpuid: 0x1234abcd", "0x1234abcd"),
        ('{"serial": "R58M12ABCDE"}', "R58M12ABCDE"),
        ("androidboot.cpuid=0x52c0ffee", "0x52c0ffee"),
        ("unlock_code=A1B2C3D4", "A1B2C3D4"),
        ("psn=K1234567 quiet", "K1234567"),
        ("barcode=0123456789", "0123456789"),
        ("battery-serial-number: BAT0099", "BAT0099"),
        ("(bootloader) battery_serial:BAT0099", "BAT0099"),
        ("serialno: ABC12 34DEF", "34DEF"),
        ('serialno="ABC DEF" quiet', "DEF"),
        ('{"serial": "R58M ABCDE"}', "ABCDE"),
        ("unlock_token:deadbeef", "deadbeef"),
        ("auth-token=deadbeef", "deadbeef"),
    ],
)
def test_it_is_gone_from_text(text: str, secret: str) -> None:
    assert secret not in redact(text)
    assert REDACTED in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "console=ttyHSL0,115200,n8 androidboot.hardware=qcom msm_rtb.filter=0x237 lpm_levels.sleep_disabled=1",
        "(bootloader) max-download-size:0x20000000",
        "androidboot.bootdevice=7824900.sdhci root=/dev/mmcblk0p25",
        "serial console on ttyMSM0",
        "token ring",
        "a tokenizer: 3",
        "mac80211 loaded, machine=enchilada, macros=3",
        "build date 201910101010101",
        "partition-size:userdata: 0x4c6aa7000",
    ],
)
def test_what_tells_nothing_about_the_owner_stays(text: str) -> None:
    assert redact(text) == text


def test_it_is_gone_from_the_values_that_json_is_made_of() -> None:
    value = {"phones": [{"serialno": "c0ffee00", "product": "enchilada", "lines": ("imei=490154203237518",)}], "n": 3}
    text = json.dumps(redact(value))
    assert "c0ffee00" not in text
    assert "490154203237518" not in text
    assert "enchilada" in text


@given(st.text())
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    assert redact(redact(text)) == redact(text)


def test_a_key_is_judged_as_a_whole() -> None:
    assert identifies("androidboot.serialno")
    assert identifies("SerialNumber")
    assert identifies("wifi_mac")
    assert not identifies("serial-console")
    assert not identifies("machine")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('serialno="c0ffee00"', 'serialno="[redacted]"'),
        ("serialno='c0ffee00'", "serialno='[redacted]'"),
        ("serialno=c0ffee00", "serialno=[redacted]"),
        ("serialno=c", "serialno=[redacted]"),
    ],
)
def test_quotes_stay_around_what_is_gone(text: str, shown: str) -> None:
    assert redact(text) == shown


@pytest.mark.parametrize(
    ("digits", "is_imei"),
    [
        ("490154203237518", True),
        ("490154203237519", False),
        ("490154203237508", False),
        ("490154203237581", False),
        ("000000000000018", True),
        ("000000000000059", True),
        ("000000000000091", True),
        ("000000000000050", False),
    ],
)
def test_an_imei_is_known_by_its_check_digit(digits: str, is_imei: bool) -> None:
    """ISO/IEC 7812-1, annex B: every second digit from the right doubled, its own digits added, a multiple of ten."""
    assert (redact(f"{digits} was seen") != f"{digits} was seen") is is_imei

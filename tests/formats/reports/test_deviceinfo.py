"""deviceinfo is read as a shell reads it, without one; the linter finds what nobody tells today."""

from __future__ import annotations

import string
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import MIRRORS

import pmport
from pmport.errors import FormatError, RecordError
from pmport.findings import Severity
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.deviceinfo_lint import Schema, fix, lint

PMAPORTS = MIRRORS / "pmaports"
GOOD = """# Reference: <https://postmarketos.org/deviceinfo>
deviceinfo_format_version="0"
deviceinfo_name="Acme One"
deviceinfo_manufacturer="Acme"
deviceinfo_codename="acme-one"
deviceinfo_year="2015"
deviceinfo_arch="aarch64"
"""


def codes(text: str) -> set[str]:
    return {finding.code for finding in lint(DeviceInfo.parse(text))}


def test_comments_and_order_are_kept() -> None:
    info = DeviceInfo.parse(GOOD.encode())
    assert str(info) == GOOD
    assert bytes(info) == GOOD.encode()
    assert list(info)[:2] == ["format_version", "name"]
    assert isinstance(pmport.open(GOOD.encode()), DeviceInfo)


@given(st.text(alphabet=string.printable.replace("\r", ""), max_size=40))
def test_what_is_written_is_read_back_by_a_shell_and_by_us(value: str) -> None:
    info = DeviceInfo.build({"name": value})
    assert info["name"] == value
    script = f'{info}printf "%s." "$deviceinfo_name"'
    shell = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, encoding="utf-8")
    assert shell.stdout == value + "."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('deviceinfo_a="13.3\\""\n', '13.3"'),
        ("deviceinfo_a='x $y \"z'\n", 'x $y "z'),
        ("deviceinfo_a=plain\n", "plain"),
        ("deviceinfo_a=a\"b c\"'d'\\ e\n", "ab cd e"),
        ('deviceinfo_a="two\nlines"\n', "two\nlines"),
        ('deviceinfo_a="joined \\\nline"\n', "joined line"),
        ('deviceinfo_a="keep \\n this"\n', "keep \\n this"),
        ('deviceinfo_a="x" # a comment\n', "x"),
        ("deviceinfo_a=\n", ""),
        ('  deviceinfo_a="indented"\n', "indented"),
    ],
)
def test_quoting_is_that_of_sh(text: str, value: str) -> None:
    assert DeviceInfo.parse(text)["a"] == value
    shell = subprocess.run(
        ["sh", "-c", text + 'printf %s. "$deviceinfo_a"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == value + "."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('deviceinfo_a="$(touch /x)"\n', 1),
        ("# fine\ndeviceinfo_a=`id`\n", 2),
        ('deviceinfo_a="$HOME"\n', 1),
        ('\n\ndeviceinfo_a="never closed\n', 3),
        ("rm -rf something\n", 1),
        ('deviceinfo_a="x"; reboot\n', 1),
        ('deviceinfo_a="x" reboot\n', 1),
        ("export deviceinfo_a=1\n", 1),
        ('deviceinfo_a="x" | sh\n', 1),
        ("deviceinfo_a='never closed\n", 1),
        ("=x\n", 1),
    ],
)
def test_what_a_shell_would_run_is_an_error_with_its_line(text: str, line: int) -> None:
    with pytest.raises(FormatError, match=f"line {line}:"):
        DeviceInfo.parse(text)


def test_hostile_files_give_clear_errors() -> None:
    with pytest.raises(FormatError, match="NUL"):
        DeviceInfo.parse(b'deviceinfo_a="\0"\n')
    with pytest.raises(FormatError, match="limit="):
        DeviceInfo.parse(b"deviceinfo_a=" + b"x" * (1 << 20))
    assert DeviceInfo.parse('deviceinfo_a="café"\n'.encode("latin-1"))["a"] == "caf\udce9"


def test_a_good_file_has_no_finding() -> None:
    assert codes(GOOD) == set()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('deviceinfo_chasis="handset"', "unknown-key"),
        ('deviceinfo_kernel_cmdline="quiet"', "obsolete-key"),
        ('deviceinfo_gpu_accelerated="true"', "renamed-key"),
        ('deviceinfo_append_dtb="yes"', "not-a-boolean"),
        ('deviceinfo_chassis="phone"', "not-one-of"),
        ('deviceinfo_screen_width="0"', "out-of-range"),
        ('deviceinfo_flash_pagesize="0x800"', "not-a-number"),
        ('deviceinfo_usb_idVendor="0x05\u04416"', "odd-character"),  # a Cyrillic letter
        ('deviceinfo_usb_idVendor="05c6"', "usb-id-form"),
        ('deviceinfo_flash_offset_kernel="8000"', "offset-form"),
        ('deviceinfo_flash_offset_base="0x80000000"\ndeviceinfo_flash_offset_second="0x80000000"', "wrapped-offset"),
        ('deviceinfo_header_version="2"', "header-2-needs"),
        ('deviceinfo_flash_offset_dtb="0x01f00000"', "offset-without-header-2"),
        ('deviceinfo_header_version="3"\ndeviceinfo_flash_offset_tags="0x00000100"', "offsets-in-header-3"),
        ('deviceinfo_name="One"', "name-without-maker"),
        ('deviceinfo_year="2015"', "assigned-twice"),
        ("deviceinfo_getty='ttyS0;115200'", "line-form"),
        ('deviceinfo_getty="13\\""', "escaped-quote"),
        ('deviceinfo_partition_type="gpt"', "repeats-default"),
    ],
)
def test_each_rule_finds_its_fault(line: str, code: str) -> None:
    assert code in codes(GOOD + line + "\n")


@pytest.mark.parametrize(
    "line",
    [
        # the initramfs counts the slot up with each word: the second maps slot 1
        'deviceinfo_super_partitions="/dev/sda1 /dev/sda1"',
        # pmbootstrap reads it for "flasher --method heimdall-bootimg"
        'deviceinfo_flash_method="fastboot"\ndeviceinfo_flash_heimdall_partition_kernel="BOOT"',
    ],
)
def test_what_a_program_reads_is_no_fault(line: str) -> None:
    assert codes(GOOD + line + "\n") == set()


def test_a_missing_mandatory_key_is_found() -> None:
    assert "missing-key" in codes(GOOD.replace('deviceinfo_arch="aarch64"\n', ""))


def test_the_misspelled_key_of_four_ports_is_recognised() -> None:
    (finding,) = [
        f for f in lint(DeviceInfo.parse(GOOD + 'deviceinfo_dtb_second="false"\n')) if f.code == "unknown-key"
    ]
    assert "bootimg_dtb_second" in finding.fix


def test_fixing_mends_what_needs_no_knowledge_and_keeps_the_rest() -> None:
    text = GOOD + (
        'deviceinfo_gpu_accelerated="true"\n# stays\ndeviceinfo_kernel_cmdline="quiet"\n'
        "deviceinfo_getty='ttyS0;115200'\ndeviceinfo_flash_offset_kernel=\"8000\"\n"
    )
    mended = fix(DeviceInfo.parse(text))
    assert str(mended) == GOOD + (
        'deviceinfo_drm="true"\n# stays\ndeviceinfo_getty="ttyS0;115200"\ndeviceinfo_flash_offset_kernel="0x00008000"\n'
    )
    assert not [finding for finding in lint(mended) if finding.severity is Severity.ERROR]


def test_variants_take_the_place_of_the_plain_keys() -> None:
    info = DeviceInfo.parse('deviceinfo_dtb="a"\ndeviceinfo_dtb_big_fhd="b"\n')
    assert info.for_variant("big-fhd") == {"dtb": "b"}


def test_another_schema_can_take_the_place_of_the_shipped_one() -> None:
    schema = Schema.parse('[variable.metadata.name]\nmandatory = true\n[rename.metadata.nmae]\nnew_name = "name"\n')
    assert [f.code for f in lint(DeviceInfo.parse('deviceinfo_nmae="x"\n'), schema)] == ["renamed-key", "missing-key"]
    with pytest.raises(RecordError, match="variable"):
        Schema.parse("a = 1\n")


SCHEMA = """[metadata]
schema_version = "0.2"
[variable.metadata.name]
mandatory = true
[variable.metadata.screen_width]
datatype = "integer"
integer_interval = "[1, 100)"
"""


@pytest.mark.parametrize(
    ("addition", "where"),
    [
        ("[holograms]\nx = 1\n", "line 8, holograms"),
        ('[variable.metadata.colour]\ndatatype = "rainbow"\n', "line 8, colour.datatype"),
        ("[variable.metadata.colour]\nshine = 3\n", "line 8, colour.shine"),
        ('[variable.metadata.colour]\ndatatype = "enumeration"\n', "line 8, colour.enum_values"),
        ('[variable.metadata.colour]\ninteger_interval = "1..2"\n', "line 8, colour.integer_interval"),
        ('[rename.metadata.nmae]\nrationale = "x"\n', "line 8, rename.nmae"),
        ("[variable]\ncolour = 3\n", "variable.colour"),
    ],
)
def test_what_a_newer_schema_holds_besides_is_a_finding_and_the_rest_counts(addition: str, where: str) -> None:
    text = addition + SCHEMA if addition.startswith("[variable]\n") else SCHEMA + addition
    schema = Schema.parse(text)
    (finding,) = schema.findings
    assert finding.where.endswith(where)
    assert "out-of-range" in {f.code for f in lint(DeviceInfo.parse('deviceinfo_screen_width="200"\n'), schema)}


def test_the_shipped_schema_is_all_understood() -> None:
    assert Schema.shipped().findings == ()


@pytest.mark.skipif(not PMAPORTS.exists(), reason=f"a checkout of pmaports is not here: {PMAPORTS}")
def test_no_revision_of_the_schema_is_refused() -> None:
    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(PMAPORTS), *arguments], check=True, capture_output=True, text=True
        ).stdout

    revisions = git("log", "--format=%h", "--", "deviceinfo_schema.toml").split()
    assert revisions
    for revision in revisions:
        assert Schema.parse(git("show", f"{revision}:deviceinfo_schema.toml")).live

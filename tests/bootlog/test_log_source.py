"""A log is found in what people attach: an archive, a dump of memory, a bug report; its tree and configuration with it."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import tarfile
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.bootlog import explain, open_log
from pmport.devicetree import Blob, parse_source
from pmport.errors import FormatError

LOG = b"[    1.0] Linux version 6.12.1 (a)\n[   12.0] platform 78d9000.usb: deferred probe pending\n"
TREE = parse_source("""/dts-v1/; / { #address-cells = <1>; #size-cells = <1>;
  reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
    ramoops@bff00000 { compatible = "ramoops"; reg = <0xbff00000 0x4000>; record-size = <0x1000>; console-size = <0x2000>; }; };
  soc { #address-cells = <1>; #size-cells = <1>; ranges;
    usb@78d9000 { compatible = "qcom,ci-hdrc"; reg = <0x78d9000 0x200>; }; }; };""")
CONFIG = b"# Linux/arm64 6.12.1 Kernel Configuration\nCONFIG_USB=y\n# CONFIG_USB_CHIPIDEA is not set\n"


def tarred(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]  # the mode is a parameter
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


DUMP = {
    "acme-argon-1-6.12.1/blkid.txt": b"/dev/mmcblk0p1: LABEL=x\n",
    "acme-argon-1-6.12.1/cmdline.txt": b"quiet\n",
    "acme-argon-1-6.12.1/dmesg.txt": LOG,
    "acme-argon-1-6.12.1/fdt.dtb": bytes(Blob.build(TREE)),
    "acme-argon-1-6.12.1/config": CONFIG,
    "acme-argon-1-6.12.1/pmOS_init.txt": b"hello\n",
}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_log_archive_brings_its_tree_and_its_configuration(mode: str) -> None:
    (trouble,) = explain(tarred(DUMP, mode))
    assert trouble.node == "/soc/usb@78d9000"
    assert trouble.lacking[0].startswith("USB_CHIPIDEA")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_compressed_log_is_opened(pack: object) -> None:
    assert callable(pack)
    assert [line.time for line in open_log(pack(LOG)).lines] == [1.0, 12.0]


def test_an_archive_without_a_log_is_refused() -> None:
    with pytest.raises(FormatError, match="no kernel log"):
        open_log(zipped({"readme.txt": b"hello"}))


REPORT = b"""========================================================
== dumpstate: 2024-01-01 00:00:00
------ UPTIME (uptime -p) ------
up 0 weeks, NULL pointer dereference
------ KERNEL LOG (dmesg) ------
<6>[    1.000000] Booting Linux on physical CPU 0x0
------ 0.020s was the duration of 'KERNEL LOG (dmesg)' ------
------ SYSTEM LOG (logcat -v threadtime) ------
01-01 00:00:00.000  1000  1000 E x: Unable to handle kernel NULL pointer dereference at virtual address 0
------ LAST KMSG (/sys/fs/pstore/console-ramoops-0) ------
[   13.0] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b
"""


@pytest.mark.parametrize(
    "data", [REPORT, zipped({"bugreport-x.txt": REPORT, "version.txt": b"2.0", "FS/data/a": b"x"})]
)
def test_of_a_bug_report_only_the_kernels_parts_count(data: bytes) -> None:
    assert [(one.rule, one.line.number) for one in explain(data)] == [("init-died", 11)]


def test_the_log_of_the_boot_that_failed_comes_before_that_of_the_one_after_it() -> None:
    data = zipped({"logs/dmesg.txt": b"[    1.0] fine", "logs/console-ramoops-0": LOG})
    assert len(open_log(data).lines) == 2


def zone(text: bytes, size: int) -> bytes:
    return (b"DBGC" + struct.pack("<II", 0, len(text)) + text).ljust(size, b"\0")


@pytest.mark.parametrize("tree", [TREE, None])
def test_a_raw_region_is_divided_by_the_tree_or_by_its_signatures(tree: object) -> None:
    data = b"\xaa" * 0x1000 + b"\0" * 0x1000 + zone(LOG, 0x2000)
    found = open_log(data, tree)  # type: ignore[arg-type]  # a tree or None
    assert [line.time for line in found.lines] == [1.0, 12.0]


@given(
    st.binary(max_size=300), st.sampled_from([b"DBGC", b"\x1f\x8b", b"PK\x03\x04", b"------ KERNEL LOG ------\n", b""])
)
def test_a_damaged_file_is_read_or_refused(data: bytes, head: bytes) -> None:
    for source in (head + data, tarred(DUMP, "w:gz")[: len(data) * 3]):
        try:
            explain(source)
        except FormatError:
            continue

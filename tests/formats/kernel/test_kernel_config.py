"""KernelConfig: every spelling of a configuration is read, and kept byte for byte."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import corpus_files, real

import pmport
from pmport.errors import FormatError, TooLargeError
from pmport.formats.kernel.config import KernelConfig, Kind, find_configs

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = b"""#
# Automatically generated file; DO NOT EDIT.
# Linux/arm64 6.12.1-rc3 Kernel Configuration
#
CONFIG_CC_VERSION_TEXT="gcc (Alpine \\"x\\") 14"
CONFIG_ARM64=y
CONFIG_USB=m
# CONFIG_PCI is not set
CONFIG_NR_CPUS=8
CONFIG_PANIC_TIMEOUT=-1
CONFIG_PHYS_OFFSET=0x80000000
CONFIG_DEVMEM=n
"""


def test_values_have_types() -> None:
    config = KernelConfig.parse(SAMPLE)
    assert [config.value(name) for name in ("ARM64", "USB", "PCI", "DEVMEM", "NOSUCH")] == [
        True,
        "m",
        False,
        False,
        None,
    ]
    assert [config.value(name) for name in ("NR_CPUS", "PANIC_TIMEOUT", "CONFIG_PHYS_OFFSET")] == [8, -1, 0x80000000]
    assert config.value("CC_VERSION_TEXT") == 'gcc (Alpine "x") 14'
    kinds = [option.kind for name in config if (option := config.option(name))]
    assert kinds == [
        Kind.STRING, Kind.BOOL, Kind.TRISTATE, Kind.INT, Kind.INT, Kind.HEX, Kind.BOOL, Kind.BOOL,
    ]  # fmt: skip


def test_not_set_is_not_absent() -> None:
    config = KernelConfig.parse(SAMPLE)
    assert "PCI" in config
    assert "NOSUCH" not in config
    assert not config.is_on("PCI")


@pytest.mark.parametrize(
    ("text", "arch", "version"),
    [
        ("# Linux/arm64 6.12.1-rc3 Kernel Configuration\nCONFIG_A=y\n", "aarch64", "6.12.1-rc3"),
        ("# Linux/arm 3.4.0 Kernel Configuration\nCONFIG_CPU_32v7=y\n", "armv7", "3.4.0"),
        ("# Linux/arm 3.4.0 Kernel Configuration\nCONFIG_CPU_32v6=y\n", "armhf", "3.4.0"),
        ("# Linux/arm 3.4.105 PEAKKERNEL-v1 Kernel Configuration\nCONFIG_A=y\n", "armv7", "3.4.105"),
        ("# Linux kernel version: 2.6.35.7\nCONFIG_ARM=y\n", "armv7", "2.6.35.7"),
        ("# Linux/x86 7.0.0 Kernel Configuration\nCONFIG_X86_64=y\n", "x86_64", "7.0.0"),
        ("# Linux/x86 7.0.0 Kernel Configuration\n# CONFIG_64BIT is not set\n", "x86", "7.0.0"),
        ("# Linux/loongarch 7.0.0 Kernel Configuration\nCONFIG_A=y\n", "loongarch64", "7.0.0"),
        ("# Linux/powerpc 7.0.0 Kernel Configuration\nCONFIG_CPU_LITTLE_ENDIAN=y\n", "ppc64le", "7.0.0"),
        ("CONFIG_ARM64=y\n", "aarch64", ""),
        ("CONFIG_USB=y\n", "", ""),
    ],
)
def test_arch_and_version_come_from_the_title_or_the_options(text: str, arch: str, version: str) -> None:
    config = KernelConfig.parse(text.encode())
    assert (config.arch, config.version) == (arch, version)


def test_gzip_is_read_and_kept() -> None:
    packed = gzip.compress(SAMPLE, mtime=0)
    config = pmport.open(packed)
    assert isinstance(config, KernelConfig)
    assert config.version == "6.12.1-rc3"
    assert bytes(config) == packed


def test_the_last_of_several_lines_counts_and_is_found() -> None:
    config = KernelConfig.parse(b"CONFIG_A=y\n# CONFIG_A is not set\n# CONFIG_B is not set\nCONFIG_B=m\n+CONFIG_C=y\n")
    assert config.texts == {"A": "n", "B": "m"}
    assert [(finding.code, finding.where) for finding in config.findings()] == [
        ("unexpected-line", "line 5"),
        ("stated-twice", "line 2, A"),
        ("stated-twice", "line 4, B"),
    ]


def test_replace_touches_its_lines_only() -> None:
    config = KernelConfig.parse(SAMPLE).replace({"USB": "y", "PCI": "m", "NR_CPUS": None, "NEW": "n"})
    before, after = SAMPLE.decode().splitlines(), config.text.splitlines()
    assert set(before) - set(after) == {"CONFIG_USB=m", "# CONFIG_PCI is not set", "CONFIG_NR_CPUS=8"}
    assert set(after) - set(before) == {"CONFIG_USB=y", "CONFIG_PCI=m", "# CONFIG_NEW is not set"}


def test_windows_line_ends_are_read() -> None:
    data = SAMPLE.replace(b"\n", b"\r\n")
    assert KernelConfig.parse(data).texts == KernelConfig.parse(SAMPLE).texts
    assert bytes(KernelConfig.parse(data)) == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", ["no option", "line 1"]),
        (b"# a comment\n", ["all are comments", "line 1"]),
        (b"# fine\nint main(void)\n{}\n", ["int main", "line 2"]),
        (b"CONFIG_A=y\nCONFIG_B=\0\n", ["0x00", "line 2"]),
        (gzip.compress(SAMPLE, mtime=0)[:40], ["gzip", "too early"]),
        (b"CONFIG_A=y\n" + b"#" * 70000 + b"\n", ["line 2 has more than 65536"]),
        (gzip.compress(b"#" * (20 << 20)), ["when decompressed"]),
    ],
)
def test_bad_input_names_the_line(data: bytes, words: list[str]) -> None:
    with pytest.raises(FormatError) as caught:
        KernelConfig.parse(data)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_line_of_100_megabytes_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "config"
    with path.open("wb") as file:
        file.write(b"CONFIG_A=y\nCONFIG_B=")
        file.truncate(100_000_000)
    with pytest.raises(TooLargeError, match="line 2 has more than"), path.open("rb") as file:
        KernelConfig.parse(file)


names = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
texts = st.one_of(
    st.sampled_from(["y", "m", "n", "0", "-7", "0xff"]), st.from_regex(r'"[ -!#-\[\]-~]{0,20}"', fullmatch=True)
)


@given(st.dictionaries(names, texts, min_size=1), st.booleans())
def test_what_is_built_reads_the_same_and_keeps_its_bytes(options: dict[str, str], packed: bool) -> None:
    data = bytes(KernelConfig.build(options, title="made up"))
    if packed:
        data = gzip.compress(data, mtime=0)
    config = KernelConfig.parse(data)
    assert dict(config.texts) == options
    assert bytes(config) == data
    assert KernelConfig.parse(bytes(config)).findings() == ()


@given(st.binary(max_size=300))
def test_any_bytes_are_read_exactly_or_refused(data: bytes) -> None:
    try:
        config = KernelConfig.parse(data)
    except FormatError:
        return
    assert bytes(config) == data


@pytest.mark.corpus
@pytest.mark.parametrize("path", corpus_files("kconfig"), ids=lambda path: path.name)
def test_real_configurations(path: Path) -> None:
    with pmport.open(real(path)) as config:
        assert isinstance(config, KernelConfig)
        assert bytes(config) == path.read_bytes()
        assert len(config) > 100
        facts = pmport.facts.of(config)
        assert facts.best("kernel_version") == (config.version or None)
        assert [found for _, found in find_configs(config)] == [config]

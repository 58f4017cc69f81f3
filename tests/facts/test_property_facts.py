"""Android's property files tell facts wherever they stand: alone, in an over-the-air package, in a firmware archive."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

import pmport
from pmport.cli import pmport as command
from pmport.formats import PropertyFile
from pmport.formats.packages.tar import TarArchive
from pmport.formats.reports.property_file import looks_like_properties
from pmport.section import Section

METADATA = b"""ota-property-files=payload.bin:1:2
ota-type=AB
post-build=Xiaomi/beryllium/beryllium:10/QKQ1.190828.002/V12:user/release-keys
post-timestamp=1600000000
pre-device=beryllium
"""
PAYLOAD_PROPERTIES = b"FILE_HASH=abc=\nFILE_SIZE=12\nMETADATA_HASH=def=\nMETADATA_SIZE=3\n"
BUILD_PROP = b"""# begin
import /oem/oem.prop
ro.product.model=POCOPHONE F1
ro.product.manufacturer = Xiaomi
ro.board.platform=sdm845
ro.serialno=0123456789ab
"""


def package(method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr("META-INF/com/android/metadata", METADATA)
        archive.writestr("payload_properties.txt", PAYLOAD_PROPERTIES)
        archive.writestr("system/build.prop", BUILD_PROP)
    return stream.getvalue()


EXPECTED = {
    ("product", "beryllium"), ("manufacturer", "Xiaomi"), ("model", "POCOPHONE F1"), ("soc", "sdm845"),
}  # fmt: skip


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_package_tells_what_its_property_files_say(method: int) -> None:
    facts = pmport.facts.of(pmport.open(package(method)))
    assert {(fact.field, fact.value) for fact in facts} == EXPECTED
    assert any("META-INF/com/android/metadata" in fact.source for fact in facts)


def test_a_tar_archive_tells_it_too() -> None:
    facts = pmport.facts.of(TarArchive.build({"build.prop": BUILD_PROP}))
    assert {fact.value for fact in facts} == {"POCOPHONE F1", "Xiaomi", "sdm845"}


@pytest.mark.parametrize("text", [METADATA, PAYLOAD_PROPERTIES, BUILD_PROP, BUILD_PROP.replace(b"\n", b"\r\n")])
def test_a_file_alone_is_recognised_and_keeps_its_bytes(text: bytes) -> None:
    found = pmport.open(text)
    assert isinstance(found, PropertyFile)
    assert bytes(found) == text


@pytest.mark.parametrize("text", [b"just text\n", b"a=b\nc=d\n", b"#!/bin/sh\necho ro.build.id\n", b"CONFIG_A=y\n"])
def test_other_text_is_no_property_file(text: bytes) -> None:
    assert not looks_like_properties(Section.of(text))


def test_identities_are_not_shown() -> None:
    assert "0123456789ab" not in str(PropertyFile.parse(BUILD_PROP).view())
    assert PropertyFile.parse(BUILD_PROP)["ro.serialno"] == "0123456789ab"


def test_the_commands_use_them(tmp_path: Path) -> None:
    path = tmp_path / "ota.zip"
    path.write_bytes(package(zipfile.ZIP_DEFLATED))
    shown = CliRunner().invoke(command, ["inspect", "--json", str(path)])
    assert json.loads(shown.output)["result"]["fields"]["pre-device"] == "beryllium"
    named = CliRunner().invoke(command, ["db", "identify", str(path)])
    assert "xiaomi-beryllium" in named.output

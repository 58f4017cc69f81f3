"""What all formats have in common: containers find what is inside, and tables that call themselves mappings are mappings."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import pytest

import pmport
from pmport.devicetree import Blob
from pmport.formats import FORMATS, BootImage, Child, Container, Data, KernelConfig, Node, Part, Role
from pmport.formats.packages.samsung import package_files
from pmport.formats.packages.tar import TarArchive
from pmport.formats.reports.deviceinfo import DeviceInfo
from pmport.formats.reports.getvars import GetVars
from pmport.formats.reports.nolo_properties import NoloProperties
from pmport.formats.streams.ramdisk import Ramdisk
from pmport.formats.streams.stream import Gzip

CONFIG = b"CONFIG_USB=m\n# CONFIG_PCI is not set\nCONFIG_HZ=250\n"
MAPPINGS: list[tuple[Mapping[str, str], dict[str, str]]] = [
    (KernelConfig.parse(CONFIG), {"USB": "m", "PCI": "n", "HZ": "250"}),
    (
        DeviceInfo.parse(b'deviceinfo_name="Nokia N900"\ndeviceinfo_arch="armv7"\n'),
        {"name": "Nokia N900", "arch": "armv7"},
    ),
    (
        GetVars.parse(b"(bootloader) product: msm8916\n(bootloader) unlocked: yes\n"),
        {"product": "msm8916", "unlocked": "yes"},
    ),
    (NoloProperties.parse(b"nolo: 1.4.14\nhw-rev: 2101\n"), {"nolo": "1.4.14", "hw-rev": "2101"}),
]


@pytest.mark.parametrize(("table", "values"), MAPPINGS, ids=[type(table).__name__ for table, _ in MAPPINGS])
def test_a_table_is_a_mapping_in_every_way(table: Mapping[str, str], values: dict[str, str]) -> None:
    assert dict(table) == {**table} == values
    assert set(table) == table.keys() == values.keys()
    assert table.items() == values.items()
    assert sorted(table.values()) == sorted(values.values())
    assert len(table) == len(values)
    assert table == values
    for name, value in values.items():
        assert name in table
        assert table[name] == table.get(name) == table.get(name, "other") == value
    assert "absent" not in table
    assert table.get("absent") is None
    assert table.get("absent", "other") == "other"


def test_options_are_looked_up_with_and_without_their_prefix() -> None:
    config = KernelConfig.parse(CONFIG)
    assert config["USB"] == config["CONFIG_USB"] == "m"
    assert "CONFIG_USB" in config
    assert "CONFIG_ACPI" not in config
    with pytest.raises(KeyError):
        config["ACPI"]


def test_what_a_phone_does_not_have_reads_as_nothing_and_is_not_there() -> None:
    for answers in (GetVars({}), NoloProperties({})):
        assert answers["product"] == ""
        assert "product" not in answers
        assert answers, "an empty answer is an answer"


def test_a_container_finds_a_type_however_deep_it_is() -> None:
    ramdisk = Ramdisk.build([("init", 0o100755, b"#!/bin/sh\n"), ("proc/config.gz", 0o100644, gzip.compress(CONFIG))])
    image = BootImage.build(b"kernel", gzip.compress(bytes(ramdisk)))
    found = image.find(Ramdisk)
    assert found is not None
    assert bytes(found) == bytes(ramdisk)
    assert image.find(Blob) is None
    assert image.find(BootImage) is None, "inside: not itself"


def test_a_ramdisk_finds_files_by_path_and_nodes_by_type() -> None:
    ramdisk = Ramdisk.build([("proc/config.gz", 0o100644, gzip.compress(CONFIG))])
    entry = ramdisk.find("/proc/config.gz")
    assert entry is not None
    assert entry.name == "proc/config.gz"
    assert ramdisk.find(Blob) is None


def test_a_name_finds_parts_and_what_is_held_beside_them() -> None:
    stream = Gzip.build(CONFIG)
    inner = pmport.open(bytes(BootImage.build(b"kernel", bytes(stream))), BootImage)["ramdisk"]
    assert isinstance(inner, (Gzip, KernelConfig))
    assert bytes(stream["content"]) == CONFIG
    with pytest.raises(KeyError, match="nothing is named 'missing'; there are content"):
        stream["missing"]


@pytest.mark.parametrize("row", FORMATS, ids=[row.kind for row in FORMATS])
def test_only_containers_have_something_inside(row: pmport.formats.FormatRow) -> None:
    kind = row.load()
    if not issubclass(kind, Container):
        assert kind.children is Node.children
        assert kind.facets is Node.facets
        assert kind.walk is Node.walk


def test_data_is_one_part_and_has_no_children() -> None:
    data = Data.parse(b"anything")
    assert [part.role for part in data.parts()] == [Role.HEADER]
    assert data.children == ()
    assert list(data.walk("here")) == [("here", data)]
    assert Part("a", data.section()).role is Role.CONTENT
    assert Child("a", 0, data.section()).kind == "data"


def nested(levels: int, inner: bytes) -> bytes:
    for _ in range(levels):
        inner = gzip.compress(inner, 1)
    return inner


@pytest.mark.parametrize(("levels", "reached"), [(31, True), (32, True), (33, False), (400, False)])
def test_containers_that_stand_in_each_other_have_a_limit_and_a_finding(levels: int, reached: bool) -> None:
    node = pmport.open(nested(levels, b"nothing known"))
    depths = [inner.depth for _, inner in node.walk()]
    assert depths == list(range(len(depths)))
    assert max(depths) == min(levels, 33)
    codes = [finding.code for _, inner in node.walk() for finding in inner.findings()]
    assert ("nested-too-deep" in codes) is not reached
    pmport.facts.of(node)


def test_a_package_in_packages_without_an_end_is_refused() -> None:
    package: bytes = b"boot"
    for number in range(40):
        package = bytes(TarArchive.build({f"{number}.tar": package}))
    with pytest.raises(pmport.errors.FormatError):
        package_files(pmport.open(package), "AP.tar")

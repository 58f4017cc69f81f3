"""Archives and super images: members are sections, bytes stay, hostile tables give FormatError."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, real

import pmport
from pmport.errors import FormatError
from pmport.formats.base.archive import is_unsafe
from pmport.formats.packages.samsung import package_files
from pmport.formats.packages.tar import TarArchive
from pmport.formats.packages.zip import ZipArchive
from pmport.formats.storage.sparse import SparseImage
from pmport.formats.storage.super_image import SuperImage
from pmport.section import Section
from pmport.unpacking import unpack

if TYPE_CHECKING:
    from pmport.node import Node

SUPER = CORPUS / "super" / "aosp-fastboot-testdata-super.img"
EMPTY = CORPUS / "super" / "aosp-fastboot-testdata-super_empty.img"
ODIN = CORPUS / "odin" / "samsung-exynos7580-edk2-boot.tar"
contents = st.dictionaries(st.text("abcdefghij._-", min_size=1, max_size=12), st.binary(max_size=3000), max_size=5)


@pytest.mark.corpus
def test_a_real_super_image_tells_its_partitions() -> None:
    with pmport.open(real(SUPER)) as image:
        assert isinstance(image, SuperImage)
        assert bytes(image) == SUPER.read_bytes()
        assert [(p.name, p.size, p.group) for p in image.partitions] == [("system_a", 8192, "default")]
        assert image.devices == (("super", 65536),)
        assert image.names == ("system_a",)
        assert image.member("system_a").read() == SUPER.read_bytes()[96 * 512 : 96 * 512 + 8192]
        assert not image.findings()


@pytest.mark.corpus
def test_a_real_empty_super_image_tells_its_partitions() -> None:
    with pmport.open(real(EMPTY)) as image:
        assert isinstance(image, SuperImage)
        assert bytes(image) == EMPTY.read_bytes()
        assert [(p.name, p.size) for p in image.partitions] == [("system_a", 0)]


@pytest.mark.corpus
def test_a_sparse_super_image_is_read_through() -> None:
    image = pmport.open(bytes(SparseImage.build(real(SUPER).read_bytes())))
    inner = dict(image.facets())["raw"]
    assert isinstance(inner, SuperImage)
    assert inner.member("system_a").read() == SUPER.read_bytes()[49152:57344]


@pytest.mark.corpus
def test_damaged_copies_fall_back_to_the_others() -> None:
    raw = bytearray(real(SUPER).read_bytes())
    raw[4096 + 50] ^= 1
    raw[12288 + 60] ^= 1
    image = SuperImage.parse(bytes(raw))
    assert [finding.code for finding in image.findings()] == ["super-geometry", "super-backup"]
    raw[8192 + 50] ^= 1
    with pytest.raises(FormatError):
        SuperImage.parse(bytes(raw))


@pytest.mark.corpus
def test_a_real_odin_package_holds_its_boot_image() -> None:
    with pmport.open(real(ODIN)) as package:
        assert isinstance(package, TarArchive)
        assert bytes(package) == ODIN.read_bytes()
        with tarfile.open(ODIN) as other:
            names = [info.name for info in other if info.isfile()]
            assert list(package.names) == names
            for name in names:
                stream = other.extractfile(name)
                assert stream is not None
                assert package.member(name).read() == stream.read()
        assert package["boot.img"].KIND == "Android boot image"


@given(contents)
def test_tar_built_is_read_by_python_and_by_us(files: dict[str, bytes]) -> None:
    package = TarArchive.build(files, md5_name="AP_TEST.tar")
    raw = bytes(package)
    assert {member.name: member.section.read() for member in TarArchive.parse(raw).members} == files
    line = f"{hashlib.md5(raw[:-46], usedforsecurity=False).hexdigest()}  AP_TEST.tar\n"
    assert raw.endswith(line.encode()[-44:])
    assert package.md5_matches()
    with tarfile.open(fileobj=io.BytesIO(raw)) as other:
        assert other.getnames() == list(files)


def test_a_folder_before_a_boot_image_makes_a_tar_archive_no_boot_image() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        folder = tarfile.TarInfo("images")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        info = tarfile.TarInfo("images/boot.img")
        info.size = 800
        archive.addfile(info, io.BytesIO(b"ANDROID!" * 100))
    assert stream.getvalue().startswith(b"ANDROID!", 1024)
    assert pmport.open(stream.getvalue()).KIND == "tar archive"


def test_a_changed_odin_package_is_found() -> None:
    raw = bytearray(bytes(TarArchive.build({"boot.img": b"x" * 700}, md5_name="a.tar")))
    raw[600] ^= 1
    assert [finding.code for finding in TarArchive.parse(bytes(raw)).findings()] == ["odin-md5"]


@pytest.mark.parametrize("style", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_tar(style: int) -> None:
    stream = io.BytesIO()
    name = "d/" * 80 + "ü.img"
    with tarfile.open(fileobj=stream, mode="w", format=style) as archive:
        info = tarfile.TarInfo(name)
        info.size = 5
        archive.addfile(info, io.BytesIO(b"bytes"))
    assert TarArchive.parse(stream.getvalue()).member(name).read() == b"bytes"


def zipped(files: dict[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@given(contents, st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_zip_members_are_those_that_went_in(files: dict[str, bytes], method: int) -> None:
    raw = zipped(files, method)
    archive = ZipArchive.parse(raw)
    assert {member.name: member.section.read() for member in archive.members} == files
    assert bytes(archive) == raw


def test_a_deflated_member_is_read_from_anywhere() -> None:
    content = bytes(range(256)) * 20000
    section = ZipArchive.parse(zipped({"a": content}, zipfile.ZIP_DEFLATED)).member("a")
    assert section.read(3_000_001, 77) == content[3_000_001:3_000_078]
    assert section.read(5, 7) == content[5:12]


def test_packages_nest() -> None:
    tar = bytes(TarArchive.build({"super.img": b"nothing"}))
    image = pmport.open(zipped({"AP.tar": tar}, zipfile.ZIP_DEFLATED))
    assert "AP.tar/super.img" in [path for path, _ in image.walk()]


def test_names_that_leave_the_folder_are_found(tmp_path: Path) -> None:
    image = pmport.open(zipped({"../evil": b"x" * 9, "/etc/y": b"y"}, zipfile.ZIP_STORED))
    assert [finding.code for finding in image.findings()] == ["unsafe-name", "unsafe-name"]
    unpack(image, tmp_path / "out")
    assert all(path.parent == tmp_path / "out" for path in tmp_path.rglob("*") if path.is_file())
    assert is_unsafe("a/../../b")


def everything(node: Node) -> None:
    for _, inner in node.walk():
        inner.findings()
        for part in inner.parts():
            part.section.read(0, 5000)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_cut_zips_give_format_errors(method: int) -> None:
    raw = zipped({"a": b"hello" * 50, "b": bytes(300)}, method)
    for cut in range(len(raw)):
        with pytest.raises(FormatError):
            ZipArchive.parse(raw[:cut])


def test_cut_tars_give_format_errors_or_fewer_members() -> None:
    raw = bytes(TarArchive.build({"a": b"hello" * 50, "b": bytes(300)}))
    for cut in range(1, len(raw)):
        try:
            assert len(TarArchive.parse(raw[:cut]).members) <= 2
        except FormatError:
            continue


@given(st.data())
def test_changed_archives_raise_nothing_but_format_errors(data: st.DataObject) -> None:
    files = {"a": b"hello" * 50, "b": bytes(300)}
    whole = [bytes(TarArchive.build(files)), zipped(files, zipfile.ZIP_DEFLATED), zipped(files, zipfile.ZIP_STORED)]
    raw = bytearray(data.draw(st.sampled_from(whole)))
    for _ in range(3):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    kind = ZipArchive if whole.index(next(w for w in whole if len(w) == len(raw))) else TarArchive
    with contextlib.suppress(FormatError):
        everything(kind.parse(bytes(raw)))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_file_of_a_zip_archive_is_found(method: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as packer:
        packer.writestr("boot.img", b"ANDROID!" * 500)
        packer.writestr("good.img", b"good")
    whole = file.getvalue()
    assert ZipArchive.parse(whole).damaged() == ()
    place = whole.index(b"boot.img") + len("boot.img")
    for offset in range(place, place + 8):
        spoilt = whole[:offset] + bytes([whole[offset] ^ 0x10]) + whole[offset + 1 :]
        archive = ZipArchive.parse(spoilt)
        assert archive.damaged() == ("boot.img",)
        assert archive.damaged(["good.img"]) == ()
        assert [finding.code for finding in archive.findings()] == ["member-damaged"]


def damaged_zip(name: str, data: bytes) -> bytes:
    """A zip archive of one stored file, one bit of which was turned."""
    raw = bytearray(zipped({name: data}, zipfile.ZIP_STORED))
    raw[30 + len(name) + len(data) // 2] ^= 1
    return bytes(raw)


@pytest.mark.parametrize("size", [1, 1000, (1 << 20) + 5, 3 << 20])
def test_a_damaged_stored_file_is_refused_where_it_is_read_whole(size: int, tmp_path: Path) -> None:
    raw = damaged_zip("boot.img", bytes(size))
    archive = ZipArchive.parse(raw)
    assert bytes(archive) == raw
    for read in (Section.read, Section.sha256, lambda section: section.copy_to(tmp_path / "copy")):
        with pytest.raises(FormatError, match="CRC-32"):
            read(archive.member("boot.img"))
    assert not (tmp_path / "copy").exists()
    with pytest.raises(FormatError, match=r"boot\.img is damaged"):
        unpack(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_stored_file_may_be_read_in_any_order() -> None:
    data = bytes(range(256)) * 16
    section = ZipArchive.parse(zipped({"a": data}, zipfile.ZIP_STORED)).member("a")
    assert section.read(100, 50) == data[100:150]
    assert section.read(0, 100) + section.read(100) == data
    assert section.read(50) == data[50:]
    assert section.read() == data


def test_a_damaged_package_of_samsungs_is_refused() -> None:
    tar = bytes(TarArchive.build({"boot.img": b"ANDROID!" * 100}))
    assert [file.name for file in package_files(ZipArchive.parse(zipped({"AP.tar": tar}, zipfile.ZIP_STORED)))]
    with pytest.raises(FormatError, match=r"AP\.tar in package\.zip is damaged"):
        package_files(ZipArchive.parse(damaged_zip("AP.tar", tar)), "package.zip")


def test_a_file_that_changes_is_noticed_through_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path.write_bytes(zipped({"boot.img": b"ANDROID!" * 100}, method))
        with ZipArchive.parse(path) as archive:
            section = archive.member("boot.img")
            joined = Section.joined([b"header", section])
            assert (section.changed_file(), joined.changed_file()) == (None, None)
            path.write_bytes(b"other")
            assert section.changed_file() == joined.changed_file() == str(path)


def test_a_deflated_file_with_a_wrong_checksum_is_not_read_to_its_end() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packer:
        packer.writestr("boot.img", b"ANDROID!" * 500)
    data = bytearray(file.getvalue())
    at = data.index(b"PK\1\2") + 16
    data[at : at + 4] = b"none"
    with pytest.raises(FormatError, match="CRC-32"):
        ZipArchive.parse(bytes(data)).member("boot.img").read()

"""Whatever holds bytes is a source, and a file is what its descriptor says, not what its name says."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import pickle
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

import pytest

import pmport
from pmport.byte_sources import FileSource, Source
from pmport.formats import BootImage
from pmport.section import Readable, Section

BYTES = bytes(BootImage.build(b"kernel" * 1000, b"ramdisk", cmdline="the right one"))


class Shouting(io.BufferedReader):
    """A subclass whose bytes are not those of the file below."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(size).upper()


class Named(io.BytesIO):
    """A file in memory that says it has a name, a size and a descriptor, as those of web frameworks do."""

    name = "boot.img"
    size = 3

    def fileno(self) -> int:
        return os.open("boot.img", os.O_RDONLY)


def member_of_zip(folder: Path) -> BinaryIO:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("boot.img", BYTES)
    return cast("BinaryIO", zipfile.ZipFile(folder / "a.zip").open("boot.img"))


def buffered_member_of_zip(folder: Path) -> BinaryIO:
    return io.BufferedReader(cast("io.RawIOBase", member_of_zip(folder)))


def member_of_tar(folder: Path) -> BinaryIO:
    with tarfile.open(folder / "a.tar", "w") as archive:
        entry = tarfile.TarInfo("boot.img")
        entry.size = len(BYTES)
        archive.addfile(entry, io.BytesIO(BYTES))
    return cast("BinaryIO", tarfile.open(folder / "a.tar").extractfile("boot.img"))


def in_gzip(folder: Path) -> BinaryIO:
    (folder / "boot.img.gz").write_bytes(gzip.compress(BYTES))
    return cast("BinaryIO", gzip.open(folder / "boot.img.gz"))


def in_bzip2(folder: Path) -> BinaryIO:
    (folder / "boot.img.bz2").write_bytes(bz2.compress(BYTES))
    return cast("BinaryIO", bz2.open(folder / "boot.img.bz2"))


def renamed_meanwhile(folder: Path) -> BinaryIO:
    (folder / "first").write_bytes(BYTES)
    file = (folder / "first").open("rb")
    (folder / "first").rename(folder / "second")
    (folder / "first").write_bytes(b"another file by now")
    return file


def deleted_meanwhile(folder: Path) -> BinaryIO:
    file = (folder / "gone").open("w+b", buffering=0)
    file.write(BYTES)
    (folder / "gone").unlink()
    return cast("BinaryIO", file)


def temporary(folder: Path) -> BinaryIO:
    file = tempfile.NamedTemporaryFile(dir=folder)  # noqa: SIM115 - it stays open
    file.write(BYTES)
    return cast("BinaryIO", file)


def not_yet_flushed(folder: Path) -> BinaryIO:
    file = (folder / "written").open("w+b")
    file.write(BYTES)
    return file


def by_descriptor(folder: Path) -> BinaryIO:
    (folder / "plain").write_bytes(BYTES)
    return os.fdopen(os.open(folder / "plain", os.O_RDONLY), "rb")


FILES: dict[str, Callable[[Path], BinaryIO]] = {
    "a member of a zip": member_of_zip,
    "a member of a zip, buffered": buffered_member_of_zip,
    "a member of a tar": member_of_tar,
    "a gzip stream": in_gzip,
    "a bzip2 stream": in_bzip2,
    "memory with a name": lambda _: Named(BYTES),
    "a file that was renamed": renamed_meanwhile,
    "a file that was deleted": deleted_meanwhile,
    "a temporary file": temporary,
    "a file that is being written": not_yet_flushed,
    "a descriptor": by_descriptor,
}


@pytest.fixture
def decoys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which other files have the names that the streams have."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    wrong = bytes(BootImage.build(b"wrong", cmdline="the wrong one"))
    for name in ("boot.img", "boot.img.gz", "boot.img.bz2", "3", "first"):
        Path(name).write_bytes(wrong)
    return tmp_path


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kind", FILES)
def test_an_open_file_is_read_from_itself_and_from_its_start(kind: str, decoys: Path) -> None:
    file = FILES[kind](decoys)
    file.seek(5)
    section = Section.of(file)
    file.close()  # a plain file is read later, through a descriptor of its own
    assert section.read() == BYTES
    assert pmport.open(section, BootImage).cmdline == "the right one"
    section.close()


def test_a_plain_file_is_not_read_before_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(1 << 20))
    for buffering in (0, -1):
        with (tmp_path / "big").open("rb", buffering=buffering) as file:
            section = Section.of(file)
            assert isinstance(section.source, FileSource)
            section.close()


def test_a_subclass_of_a_plain_file_is_what_it_reads(tmp_path: Path) -> None:
    (tmp_path / "low").write_bytes(b"low")
    with Shouting(io.FileIO(tmp_path / "low")) as file:
        assert Section.of(file).read() == b"LOW"


def test_a_file_that_is_another_one_by_now_is_not_handed_on_by_its_name(decoys: Path) -> None:
    with renamed_meanwhile(decoys) as file:
        section = Section.of(file)
    with pytest.raises(TypeError, match="not the file that was opened"):
        pickle.dumps(section.source)
    section.close()


@pytest.mark.parametrize(
    "given",
    [
        str,
        lambda path: path,
        lambda path: path.read_bytes(),
        lambda path: bytearray(path.read_bytes()),
        lambda path: memoryview(path.read_bytes()),
        Section.of,
        FileSource,
    ],
)
def test_a_path_is_accepted_wherever_bytes_are(given: Callable[[Path], Readable], tmp_path: Path) -> None:
    path = tmp_path / "boot.img"
    path.write_bytes(BYTES)
    assert BootImage.parse(given(path)).cmdline == "the right one"
    assert pmport.open(given(path), BootImage).cmdline == "the right one"
    assert BootImage.build(kernel=given(path)).kernel.read() == BYTES
    assert BootImage.build(b"kernel").replace(ramdisk=given(path)).ramdisk.read() == BYTES


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(BYTES,))
    writer.start()
    assert pmport.open(tmp_path / "pipe", BootImage).cmdline == "the right one"
    writer.join()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (None, TypeError),
        (7, TypeError),
        (io.StringIO("text"), TypeError),
        ("/nonexistent/boot.img", FileNotFoundError),
        (Path("/"), IsADirectoryError),
    ],
)
def test_what_holds_no_bytes_is_refused_in_words(given: object, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        Section.of(cast("Source", given))
    assert str(caught.value)


def test_a_file_of_another_kind_is_an_error_that_says_both(tmp_path: Path) -> None:
    (tmp_path / "boot.img").write_bytes(BYTES)
    with pytest.raises(pmport.errors.FormatError, match=r"boot\.img is read as 'Android boot image', not as 'PIT'"):
        pmport.open(tmp_path / "boot.img", pmport.formats.Pit)


@pytest.mark.parametrize("wanted", [str, Path])
def test_what_is_written_to_a_path_is_there_whole(wanted: Callable[[Path], str | Path], tmp_path: Path) -> None:
    target = tmp_path / "new.img"
    assert BootImage.parse(BYTES).write_to(wanted(target)) == len(BYTES)
    assert target.read_bytes() == BYTES
    assert Section.of(b"short").copy_to(wanted(target)) == 5
    assert target.read_bytes() == b"short"
    assert list(tmp_path.iterdir()) == [target]


def test_several_may_write_one_path_at_a_time_and_the_last_one_counts(tmp_path: Path) -> None:
    target = tmp_path / "new.img"
    sections = [Section.of(bytes([number]) * (1 << 20)) for number in range(8)]
    threads = [threading.Thread(target=section.copy_to, args=(target,)) for section in sections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() in {section.read() for section in sections}
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("place", ["", ".", "missing/new.img"])
def test_a_path_that_cannot_be_written_is_an_os_error(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OSError, match="directory"):
        BootImage.parse(BYTES).write_to(place)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_plain_file_is_written_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    Section.of(b"through").copy_to(tmp_path / "pipe")
    reader.join()
    assert read == [b"through"]


def test_an_image_may_be_written_onto_the_file_it_is_read_from(tmp_path: Path) -> None:
    target = tmp_path / "boot.img"
    target.write_bytes(BYTES)
    target.chmod(0o640)
    (tmp_path / "link").symlink_to("boot.img")
    with pmport.open(tmp_path / "link", BootImage) as image:
        image.replace(cmdline="longer than before").write_to(tmp_path / "link")
    assert pmport.open(target, BootImage).kernel.read() == b"kernel" * 1000
    assert target.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link").is_symlink()


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    class Broken:
        name, size = "a cable", 2 << 20

        def read(self, offset: int, size: int) -> bytes:
            if offset >= 1 << 20:
                raise OSError("unplugged")
            return bytes(size)

    target = tmp_path / "new.img"
    target.write_bytes(b"old")
    with pytest.raises(OSError, match="unplugged"):
        Section.of(Broken()).copy_to(target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]

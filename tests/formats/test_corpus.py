"""Every real file is recognised as what it is, gives its device trees, and comes back byte for byte after it was taken apart."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import CORPUS

import pmport
from pmport.devicetree import Blob, find_blobs
from pmport.errors import FormatError
from pmport.formats.registry import SAMPLES
from pmport.unpacking import repack, unpack

MANIFEST = CORPUS / "MANIFEST.tsv"
TREES = {"device tree blob", "device trees in sequence", "DT table"}
KINDS = {
    "boot": {"Android boot image"},
    "init_boot": {"Android boot image"},
    "vendor_boot": {"Android vendor boot image"},
    "chromeos": {"ChromeOS kernel partition"},
    "vbmeta": {"vbmeta"},
    "mtk-hdr": {"MediaTek header"},
    "odin-tar": {"tar archive"},
    "kernel": {"ARM zImage", "kernel with appended device trees", "gzip"},
    "dtb": TREES,
    "dtb-base": TREES,
    "dtb-overlay": TREES,
    "dtb-table": TREES,
    "dtbo": TREES,
    "aml-dtb": {"Amlogic multi-dtb", "gzip"},
    "dtbh": {"DTBH"},
    "qcdt": {"QCDT"},
    "sprd-dt": {"SPRD device tree table", "device tree blob", "device trees in sequence"},
    "ramdisk": {"ramdisk", "gzip", "lzma", "xz", "LZ4 legacy"},
    "sparse": {"Android sparse image"},
    "lpmeta": {"super image"},
    "pit": {"PIT"},
    "kconfig": {"kernel-config"},
    "uimage": {"uImage"},
}
"""Kind in the manifest → what pmport may call it."""


def rows() -> Iterator[tuple[str, str, str]]:
    """``(path, kind, what is special)``."""
    if MANIFEST.exists():
        names, *lines = (line.split("\t") for line in MANIFEST.read_text(encoding="utf-8").splitlines())
        for line in lines:
            row = dict(zip(names, line, strict=False))
            yield row["path"], row["kind"], row.get("special", "")


ROWS = [row for row in rows() if (CORPUS / row[0]).is_file()]
pytestmark = pytest.mark.skipif(not ROWS, reason=f"There is no corpus of images: {CORPUS}")


CUT = "pmbootstrap-test"
"""Names of heads of images that pmbootstrap's tests keep, cut on purpose."""


@pytest.mark.parametrize(("path", "kind", "special"), ROWS, ids=[row[0] for row in ROWS])
def test_it_is_recognised_as_the_manifest_says(path: str, kind: str, special: str) -> None:
    del special
    try:
        with pmport.open(CORPUS / path) as node:
            assert node.KIND in KINDS[kind] or (CUT in path and node.KIND in {"data", "ARM zImage"})
    except FormatError as error:
        if CUT not in path or "ends at" not in str(error):
            raise


@pytest.mark.parametrize("path", [row[0] for row in ROWS])
def test_taken_apart_and_put_together_it_is_the_same_file(path: str, tmp_path: Path) -> None:
    try:
        node = pmport.open(CORPUS / path)
    except FormatError:
        pytest.skip("cut short on purpose")
    with node:
        unpack(node, tmp_path / "parts")
    with (tmp_path / "again").open("wb+") as again, (CORPUS / path).open("rb") as file:
        repack(tmp_path / "parts").write_to(again)
        again.seek(0)
        assert hashlib.file_digest(again, "sha256").digest() == hashlib.file_digest(file, "sha256").digest()


def test_the_table_of_formats_counts_the_real_samples() -> None:
    count: Counter[str] = Counter()
    for path in sorted(CORPUS.rglob("*")):
        if path.is_file() and path != MANIFEST and "dtb-split" not in path.parts:
            with contextlib.suppress(FormatError), pmport.open(path) as node:
                count.update({part.KIND for _, part in node.walk()} - {"data"})
    assert dict(count) == dict(SAMPLES)


SPLIT = sorted(folder for folder in (CORPUS / "dtb-split").iterdir() if folder.is_dir()) if ROWS else []


def container(name: str) -> Path | None:
    """The file whose trees were split into a folder: ``dtbo-xiaomi-begonia-mt6785-dtbo`` of ``dtbo/xiaomi-begonia…``."""
    kind, _, stem = name.partition("-")
    found = [path for path in (CORPUS / kind).rglob("*") if path.is_file() and path.stem == stem]
    return found[0] if found else None


@pytest.mark.parametrize("folder", SPLIT, ids=lambda folder: folder.name)
def test_every_tree_inside_is_found(folder: Path) -> None:
    path = container(folder.name)
    if path is None:
        pytest.skip("the file that it was split from is another one")
    wanted = {digest(bytes(found.blob)) for item in folder.iterdir() for found in find_blobs(item.read_bytes())}
    with pmport.open(path) as node:
        assert {digest(bytes(part)) for _, part in node.walk() if isinstance(part, Blob)} >= wanted


def digest(blob: bytes) -> str:
    """Of a tree without what a table pads it with."""
    return hashlib.sha256(blob[: int.from_bytes(blob[4:8], "big")]).hexdigest()

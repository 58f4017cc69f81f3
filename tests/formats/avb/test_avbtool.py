"""AOSP's avbtool verifies what was edited, and what belongs to other partitions stays theirs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

import pmport
from pmport.formats.avb.descriptors import ChainDescriptor, HashDescriptor, HashtreeDescriptor
from pmport.formats.avb.edit import AvbChoice, ReSign
from pmport.formats.avb.vbmeta import VbMeta
from pmport.formats.boot.image import BootImage
from pmport.formats.boot.vendor_image import VendorBoot
from pmport.formats.trees.tables import DtTable

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # avbtool leaves files open
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
Tool = Callable[..., str]
SIZE = 1 << 18


@dataclass(frozen=True)
class Key:
    """An RSA key: the file, its bytes, and what chain descriptors hold of it."""

    path: Path
    pem: bytes
    public: Path


@pytest.fixture(scope="session")
def key(private_key: bytes, tmp_path_factory: pytest.TempPathFactory, avbtool: Tool) -> Key:
    folder = tmp_path_factory.mktemp("key")
    path, public = folder / "key.pem", folder / "key.avbpubkey"
    path.write_bytes(private_key)
    avbtool("extract_public_key", "--key", path, "--output", public)
    return Key(path, private_key, public)


def made(random: Random) -> BootImage | VendorBoot | DtTable:
    """A random image of a partition that has its hash in its own footer."""
    kernel, disk = (random.randbytes(random.randrange(1, 30000)) for _ in range(2))
    version = random.choice([0, 1, 2, 3, 4, "vendor", "table"])
    if version == "vendor":
        return VendorBoot.build(disk, random.randbytes(500), cmdline="quiet")
    if version == "table":
        return DtTable.build([(random.randbytes(random.randrange(1, 9000)), {"id": number}) for number in range(3)])
    assert isinstance(version, int)
    dtb = b"dtb" * 99 if version == 2 else b""
    return BootImage.build(kernel, disk, header_version=version, cmdline="quiet", dtb=dtb)


def edited(image: BootImage | VendorBoot | DtTable, random: Random, avb: AvbChoice) -> pmport.formats.Node:
    """The image with random changes."""
    new = random.randbytes(random.randrange(1, 60000))
    if isinstance(image, DtTable):
        trees: dict[str, Any] = {f"dtb-{random.randrange(3):02}": new}
        return image.replace(avb=avb, **trees)
    if isinstance(image, VendorBoot):
        return image.replace(avb=avb, dtb=new, cmdline="debug")
    size = random.choice([None, SIZE, 2 * SIZE])
    if random.randrange(3):
        return image.replace(avb=avb, partition_size=size, ramdisk=new, cmdline="debug " * random.randrange(9))
    return image.replace(avb=avb, partition_size=size, kernel=new)


@pytest.mark.online
@pytest.mark.parametrize("seed", range(200))
def test_avbtool_verifies_an_edited_image(seed: int, avbtool: Tool, key: Key, tmp_path: Path) -> None:
    random = Random(seed)
    signed: list[str | Path] = ["--algorithm", "SHA256_RSA2048", "--key", key.path]
    dtbo, boot = tmp_path / "dtbo.img", tmp_path / "boot.img"
    dtbo.write_bytes(random.randbytes(random.randrange(100, 9000)))
    avbtool("add_hash_footer", "--image", dtbo, "--partition_name", "dtbo", "--partition_size", SIZE)
    image = bytes(made(random))
    behind = random.choice([b"", b"SEANDROIDENFORCE", random.randbytes(700), bytes(5000), b"x" * 10 + bytes(3000)])
    boot.write_bytes(image + behind)
    options: list[str | Path] = ["--prop", "com.android.build.boot.os_version:14", "--rollback_index", str(seed)]
    options += random.choice([[], signed])
    options += random.choice([[], ["--include_descriptors_from_image", dtbo]])
    options += random.choice([[], [], ["--use_persistent_digest"]])
    chain = random.choice([[], [f"system:1:{key.public}"]])
    options += [word for value in chain for word in ("--chain_partition", value)]
    expected = [word for value in chain for word in ("--expected_chain_partition", value)]
    avbtool("add_hash_footer", "--image", boot, "--partition_name", "boot", "--partition_size", SIZE, *options)
    avbtool("verify_image", "--image", boot, *expected)
    avb: AvbChoice = random.choice(["none", ReSign(key.pem)])
    with pmport.open(boot) as stock:
        assert isinstance(stock, (BootImage, VendorBoot, DtTable))
        assert bytes(stock) == boot.read_bytes()
        before = vbmeta_of(stock)
        new = bytes(edited(stock, random, avb))
    boot.write_bytes(new)
    expected += ["--key", str(key.path)] if isinstance(avb, ReSign) else []
    avbtool("verify_image", "--image", boot, *expected)
    after = vbmeta_of(pmport.open(new))
    assert foreign(before) == foreign(after)
    assert (after.signature, after.header.rollback_index) == ("valid" if isinstance(avb, ReSign) else "none", seed)
    own = after.descriptors[0]
    assert isinstance(own, HashDescriptor)
    assert bool(own.digest) == ("--use_persistent_digest" not in options)
    if own.digest:
        assert own.digest == hashlib.sha256(own.salt + new[: own.image_size]).digest()
    if behind.strip(b"\0"):
        assert behind.rstrip(b"\0") in new[: own.image_size]


def vbmeta_of(node: pmport.formats.Node) -> VbMeta:
    """The blob behind an image."""
    return VbMeta.parse(next(part.section for part in node.parts() if part.name == "vbmeta"))


def foreign(blob: VbMeta) -> list[object]:
    """All but the image's own hash."""
    kinds = (HashDescriptor, HashtreeDescriptor, ChainDescriptor)
    others = [item for item in blob.descriptors if not isinstance(item, kinds)]
    return [*others, *(item for item in blob.descriptors[1:] if isinstance(item, kinds))]

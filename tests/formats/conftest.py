"""What the tests of boot images share."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import os
import shutil
import tarfile
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from debian import CACHE
from support import IN_CI


@pytest.fixture(scope="session")
def private_key() -> bytes:
    """A fresh RSA key of 2048 bits, PEM."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(65537, 2048)
    pem: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return pem


NEWER = (
    "http://deb.debian.org/debian/pool/main/a/android-platform-tools/mkbootimg_34.0.5-12_all.deb",
    "46ab857742482bfc9ad7ac9003f4fd099d594a2102ae7e5b6749325337855572",
)
"""Debian 13's mkbootimg, two Python scripts of AOSP: where it is, and the package's SHA-256."""


SOURCE = (
    "http://deb.debian.org/debian/pool/main/a/android-platform-tools/android-platform-tools_34.0.5.orig.tar.xz",
    "4893f6a85b205f1df2c35cde5d6ca3bedd5e9f19afdb3b5ac781e647aa2243f4",
)
"""Debian 13's copy of AOSP's tools: where it is, and its SHA-256."""
WANTED = ("external/avb/", "system/tools/mkbootimg/")


@pytest.fixture(scope="session")
def aosp_source() -> Path:
    """The folder with avbtool, mkbootimg and their tests, kept between runs."""
    folder = CACHE / "sources" / "android-platform-tools-34.0.5"
    if not folder.is_dir():
        _unpack_source(folder)
    return folder


def _unpack_source(folder: Path) -> None:
    address, checksum = SOURCE
    try:
        with urllib.request.urlopen(address, timeout=120) as answer:  # noqa: S310 - a constant address
            archive: bytes = answer.read()
    except OSError as error:
        if IN_CI:
            pytest.fail(f"{address}: {error}")
        pytest.skip(f"{address}: {error}")
    assert hashlib.sha256(archive).hexdigest() == checksum
    half = folder.with_name(f"{folder.name}.{os.getpid()}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(
            half,
            [item for item in tar if item.name.partition("/")[2].startswith(WANTED) or item.name.startswith(WANTED)],
            filter="data",
        )
    with contextlib.suppress(OSError):  # another process was faster
        half.rename(folder)
    shutil.rmtree(half, ignore_errors=True)


@pytest.fixture(scope="session")
def avbtool(aosp_source: Path) -> Callable[..., str]:
    """AOSP's avbtool in this process: takes arguments, gives what it prints; a refusal is a SystemExit."""
    spec = importlib.util.spec_from_file_location("avbtool", next(aosp_source.rglob("external/avb/avbtool.py")))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def run(*arguments: str | Path) -> str:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            module.AvbTool().run(["avbtool", *map(str, arguments)])
        return out.getvalue()

    return run


def members_of_ar(data: bytes) -> dict[str, bytes]:
    """The members of a Debian package: name → bytes."""
    at, members = 8, {}
    while at < len(data):
        name, size = data[at : at + 16].decode().strip().rstrip("/"), int(data[at + 48 : at + 58])
        members[name] = data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2
    return members


@pytest.fixture(scope="session")
def newer_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with Debian 13's mkbootimg and unpack_bootimg; nothing is installed."""
    address, checksum = NEWER
    try:
        with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - a constant address
            package: bytes = answer.read()
    except OSError as error:
        if IN_CI:
            pytest.fail(f"{address}: {error}")
        pytest.skip(f"{address}: {error}")
    assert hashlib.sha256(package).hexdigest() == checksum
    folder = tmp_path_factory.mktemp("mkbootimg-34")
    with tarfile.open(fileobj=io.BytesIO(members_of_ar(package)["data.tar.xz"])) as archive:
        archive.extractall(folder, filter="data")
    return folder / "usr" / "bin"

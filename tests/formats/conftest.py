"""What the tests of boot images share."""

from __future__ import annotations

import hashlib
import io
import tarfile
import urllib.request
from pathlib import Path

import pytest
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

"""What the tests of boot images share."""

from __future__ import annotations

import pytest


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

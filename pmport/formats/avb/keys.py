"""The public keys of Android verified boot, and RSA signatures checked with nothing but the standard library.

A key blob is the number of bits, ``-1/n mod 2^32``, the modulus n and ``2^(2*bits) mod n``, all big-endian (AOSP libavb,
``avb_crypto.h``); the exponent is always 65537. Signatures are PKCS #1 v1.5 (RFC 8017, section 9.2).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Self

from pmport.errors import FormatError, MissingDependencyError

__all__ = ["ALGORITHMS", "Algorithm", "PublicKey", "sign"]

EXPONENT = 65537
PREFIXES = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
"""What stands before the digest inside a signature: the DER of the algorithm's identifier."""


@dataclass(frozen=True)
class Algorithm:
    """A way to sign.

    Args:
        number: As the vbmeta header has it.
        name: As AOSP's tool names it.
        hash: A name that :mod:`hashlib` knows; empty: unsigned.
        bits: Size of the key.
    """

    number: int
    name: str
    hash: str = ""
    bits: int = 0


ALGORITHMS: tuple[Algorithm, ...] = (
    Algorithm(0, "NONE"),
    Algorithm(1, "SHA256_RSA2048", "sha256", 2048),
    Algorithm(2, "SHA256_RSA4096", "sha256", 4096),
    Algorithm(3, "SHA256_RSA8192", "sha256", 8192),
    Algorithm(4, "SHA512_RSA2048", "sha512", 2048),
    Algorithm(5, "SHA512_RSA4096", "sha512", 4096),
    Algorithm(6, "SHA512_RSA8192", "sha512", 8192),
)
"""By their number."""


@dataclass(frozen=True)
class PublicKey:
    """An RSA key with exponent 65537.

    Args:
        bits: Size of the modulus.
        modulus: The modulus.
    """

    bits: int
    modulus: int

    @classmethod
    def parse(cls, blob: bytes) -> Self:
        """Read a key blob.

        Args:
            blob: Its bytes.

        Returns:
            The key.

        Raises:
            FormatError: If the length is wrong, or the derived numbers do not belong to the modulus.
        """
        bits = int.from_bytes(blob[:4], "big")
        if bits not in {2048, 4096, 8192} or len(blob) != 8 + bits // 4:
            raise FormatError(f"{len(blob)} bytes are no key of {bits} bits", format="AVB key", field="key_num_bits")
        key = cls(bits, int.from_bytes(blob[8 : 8 + bits // 8], "big"))
        if key.modulus % 2 == 0 or key.encode() != blob:
            raise FormatError("n0inv and rr do not belong to the modulus", format="AVB key", field="n0inv", offset=4)
        return key

    def encode(self) -> bytes:
        """The key blob."""
        inverse = (1 << 32) - pow(self.modulus, -1, 1 << 32)
        rr = (1 << 2 * self.bits) % self.modulus
        length = self.bits // 8
        head = self.bits.to_bytes(4, "big") + inverse.to_bytes(4, "big")
        return head + self.modulus.to_bytes(length, "big") + rr.to_bytes(length, "big")

    @property
    def sha1(self) -> str:
        """SHA-1 of the key blob, by which AOSP's tool names keys."""
        return hashlib.sha1(self.encode(), usedforsecurity=False).hexdigest()

    def verifies(self, signature: bytes, digest: bytes, hash_name: str) -> bool:
        """Whether this key made a signature.

        Args:
            signature: As many bytes as the modulus has.
            digest: What was signed.
            hash_name: ``sha256`` or ``sha512``.

        Returns:
            True where it did.
        """
        length = self.bits // 8
        number = int.from_bytes(signature, "big")
        if len(signature) != length or number >= self.modulus:
            return False
        info = PREFIXES[hash_name] + digest
        expected = b"\x00\x01" + b"\xff" * (length - 3 - len(info)) + b"\x00" + info
        return pow(number, EXPONENT, self.modulus) == int.from_bytes(expected, "big")


def sign(private_key_pem: bytes, data: bytes, hash_name: str) -> tuple[PublicKey, bytes]:
    """Sign bytes with a private RSA key.

    Args:
        private_key_pem: The key, PEM, without a password.
        data: What is signed.
        hash_name: ``sha256`` or ``sha512``.

    Returns:
        ``(public key, signature)``.

    Raises:
        MissingDependencyError: If the ``sign`` extra is not installed.
        FormatError: If the key is none that verified boot knows.
    """
    try:
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - an extra
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415
    except ImportError as error:
        raise MissingDependencyError(
            "Signing needs the package cryptography", install="pip install pmport[sign]"
        ) from error
    try:
        key = serialization.load_pem_private_key(private_key_pem, None)
    except (ValueError, TypeError) as error:
        raise FormatError(f"The private key cannot be read: {error}", format="PEM", field="private key") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.public_key().public_numbers().e != EXPONENT:
        raise FormatError("Verified boot needs an RSA key with exponent 65537", format="PEM", field="private key")
    chosen = hashes.SHA256() if hash_name == "sha256" else hashes.SHA512()
    public = PublicKey(key.key_size, key.public_key().public_numbers().n)
    return public, key.sign(data, padding.PKCS1v15(), chosen)

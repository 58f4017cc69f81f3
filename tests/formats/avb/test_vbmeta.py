"""vbmeta: real blobs, made-up ones, and broken ones."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import CORPUS, corpus_files, real

import pmport
from pmport.cli import main
from pmport.errors import FormatError
from pmport.formats.avb.descriptors import (
    ChainDescriptor,
    CmdlineDescriptor,
    Descriptor,
    HashDescriptor,
    HashtreeDescriptor,
    PropertyDescriptor,
    UnknownDescriptor,
    parse_descriptors,
)
from pmport.formats.avb.keys import PublicKey
from pmport.formats.avb.vbmeta import VbMeta
from pmport.section import Section

CORAL = CORPUS / "vbmeta" / "google-coral-10-vbmeta.img"


def vbmeta(path: Path) -> VbMeta:
    node = pmport.open(real(path))
    assert isinstance(node, VbMeta)
    return node


@pytest.mark.parametrize("path", corpus_files("vbmeta"), ids=lambda path: path.name)
def test_a_real_blob_is_read_whole_and_its_signature_holds(path: Path) -> None:
    blob = vbmeta(path)
    assert bytes(blob) == path.read_bytes()
    assert blob.signature == "valid"
    assert blob.algorithm == "SHA256_RSA4096"
    assert not [row for row in blob.descriptors if isinstance(row, UnknownDescriptor)]
    encoded = b"".join(row.encode() for row in blob.descriptors)
    assert encoded in path.read_bytes()


def test_a_real_blobs_descriptors() -> None:
    blob = vbmeta(CORAL)
    kinds = {type(row) for row in blob.descriptors}
    assert {HashDescriptor, ChainDescriptor, PropertyDescriptor, HashtreeDescriptor} <= kinds
    (chain,) = [row for row in blob.descriptors if isinstance(row, ChainDescriptor)]
    assert (chain.partition, PublicKey.parse(chain.public_key).bits) == ("vbmeta_system", 4096)
    assert blob.hash_of("dtbo") is not None
    assert blob.hash_of("nothing") is None


def test_one_changed_bit_breaks_the_signature() -> None:
    data = bytearray(real(CORAL).read_bytes())
    data[123] ^= 1
    assert VbMeta.parse(bytes(data)).signature == "invalid"


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_the_blob_that_disables_verification(flags: int) -> None:
    blob = VbMeta.build(flags=flags, padding_size=4096)
    data = bytes(blob)
    assert (len(data), data[:4], struct.unpack_from(">I", data, 120)[0]) == (4096, b"AVB0", flags)
    assert not any(data[256:])


def test_what_is_signed_verifies_by_another_library(private_key: bytes) -> None:
    hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
    padding = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.padding")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    blob = VbMeta.build([CmdlineDescriptor("quiet")], algorithm="SHA512_RSA2048", private_key=private_key, flags=2)
    assert blob.signature == "valid"
    data = bytes(blob)
    aux = 256 + blob.header.auth_size
    signature = data[256 + 64 : 256 + 64 + 256]
    key = PublicKey.parse(blob.public_key)
    rsa.RSAPublicNumbers(65537, key.modulus).public_key().verify(
        signature, data[:256] + data[aux : aux + blob.header.aux_size], padding.PKCS1v15(), hashes.SHA512()
    )


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
DESCRIPTORS = st.one_of(
    st.builds(PropertyDescriptor, NAMES, st.binary(max_size=40)),
    st.builds(
        HashDescriptor,
        NAMES,
        st.integers(0, 2**64 - 1),
        st.sampled_from(["sha256", "sha512"]),
        st.binary(max_size=64),
        st.binary(max_size=64),
    ),
    st.builds(CmdlineDescriptor, NAMES, st.integers(0, 3)),
    st.builds(ChainDescriptor, NAMES, st.integers(0, 2**32 - 1), st.binary(max_size=600)),
    st.builds(UnknownDescriptor, st.integers(5, 2**64 - 1), st.binary(max_size=9).map(lambda data: data * 8)),
)


@given(st.lists(DESCRIPTORS, max_size=5), st.integers(0, 3), st.integers(0, 2**64 - 1))
def test_what_is_built_comes_back(descriptors: list[Descriptor], flags: int, rollback_index: int) -> None:
    blob = VbMeta.build(descriptors, flags=flags, rollback_index=rollback_index)
    again = VbMeta.parse(bytes(blob))
    assert [row.encode() for row in again.descriptors] == [row.encode() for row in descriptors]
    assert (again.flags, again.header.rollback_index, bytes(again)) == (flags, rollback_index, bytes(blob))


@given(st.binary(max_size=300), st.integers(0, 1500))
def test_a_damaged_blob_gives_a_blob_or_a_format_error(patch: bytes, offset: int) -> None:
    good = bytes(
        VbMeta.build([PropertyDescriptor("a", b"b"), HashDescriptor("boot", 1, "sha256", b"s", b"d" * 32)] * 3)
    )
    data = good[:offset] + patch + good[offset + len(patch) :]
    try:
        blob = VbMeta.parse(data)
    except FormatError as error:
        assert error.format == "vbmeta"  # noqa: PT017 - both outcomes are right
    else:
        assert bytes(blob) == data
        assert blob.signature in {"none", "invalid"}


def test_descriptors_that_count_too_much_are_refused() -> None:
    for data in (bytes(8), (5).to_bytes(8, "big") + (64).to_bytes(8, "big"), (2).to_bytes(8, "big") + bytes(8)):
        with pytest.raises(FormatError, match="descriptor"):
            list(parse_descriptors(data))


@pytest.mark.parametrize(
    "arguments", [{"flags": 4}, {"algorithm": "SHA256_RSA4096"}, {"algorithm": "MD5"}, {"rollback_index": -1}]
)
def test_what_does_not_fit_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(FormatError):
        VbMeta.build(**arguments)


def test_a_key_of_another_size_is_refused(private_key: bytes) -> None:
    with pytest.raises(FormatError, match="2048"):
        VbMeta.build(algorithm="SHA256_RSA4096", private_key=private_key)
    with pytest.raises(FormatError, match="private key"):
        VbMeta.build(algorithm="SHA256_RSA2048", private_key=b"nonsense")


def test_the_command_writes_the_blob_that_disables_verification(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vbmeta.img"
    with pytest.raises(SystemExit) as caught:
        main(["vbmeta", "-o", str(path)])
    assert not caught.value.code
    assert path.read_bytes() == bytes(VbMeta.build(flags=2, padding_size=4096))
    assert "verification disabled" in capsys.readouterr().out


def test_hashes_are_compared_by_partition() -> None:
    image = Section.of(real(CORPUS / "dtbo" / "google-coral-10-dtbo.img").read_bytes())
    blob = vbmeta(CORAL)
    assert blob.matches("dtbo", image) is True
    assert blob.matches("dtbo", image[:1000]) is False
    assert blob.matches("nothing", image) is None

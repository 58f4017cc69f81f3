from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.errors import FormatError
from pmport.wire import loke
from pmport.wire.loke import Request, Response, response_declaration
from pmport.wire.loke_dialect import Dialect, Sequence, sequences
from pmport.wire.loke_failures import meaning

END = Sequence(0, 0x123456, 0x200000, 2, last=True)

VECTORS = [
    (loke.begin_session(0), "64000000 00000000 00000000"),
    (loke.begin_session(5), "64000000 00000000 05000000"),
    (loke.part_size(1 << 20), "64000000 05000000 00001000"),
    (loke.total_bytes(0x123456789), "64000000 02000000 89674523 01000000"),
    (Request(loke.Kind.SESSION, loke.SessionCommand.T_FLASH), "64000000 08000000"),
    (loke.pit_dump(), "65000000 01000000"),
    (loke.pit_part(3), "65000000 02000000 03000000"),
    (loke.pit_end(), "65000000 03000000"),
    (loke.file_begin(), "66000000 00000000"),
    (loke.sequence_begin(30 << 20), "66000000 02000000 0000e001"),
    (
        loke.end_sequence(END, device_type=2, identifier=9),
        "66000000 03000000 00000000 56341200 00000000 02000000 09000000 01000000",
    ),
    (
        loke.end_sequence(END, device_type=2, identifier=9, binary_type=1),
        "66000000 03000000 01000000 56341200 00000000 02000000 01000000",
    ),
    (loke.close(loke.CloseCommand.END), "67000000 00000000"),
    (loke.close(loke.CloseCommand.REBOOT), "67000000 01000000"),
]

CUTS = {
    1: ([(131072, 1, 1, True)], [(1048576, 1, 1, True)]),
    131073: ([(262144, 2, 131073, True)], [(1048576, 1, 131073, True)]),
    31457280: ([(31457280, 240, 31457280, True)], [(31457280, 30, 31457280, True)]),
    31457281: ([(31588352, 241, 31457281, True)], [(31457280, 30, 31457280, False), (1048576, 1, 1, True)]),
    68157445: (
        [(68288512, 521, 68157445, True)],
        [(31457280, 30, 31457280, False), (31457280, 30, 31457280, False), (6291456, 6, 5242885, True)],
    ),
}


@pytest.mark.parametrize(("request_", "expected"), VECTORS)
def test_requests_have_the_bytes_of_the_vectors(request_: Request, expected: str) -> None:
    assert bytes(request_) == bytes.fromhex(expected).ljust(1024, b"\0")
    assert bytes(Request.parse(bytes(request_))) == bytes(request_)


@pytest.mark.parametrize("size", CUTS)
def test_files_are_cut_as_in_the_vectors(size: int) -> None:
    for dialect, expected in zip((Dialect.of(0), Dialect.of(0x20000)), CUTS[size], strict=True):
        assert [(cut.aligned, cut.parts, cut.real, cut.last) for cut in sequences(size, dialect)] == expected


@given(st.integers(0, 200 << 20), st.sampled_from([0, 0x20000, 0x48000]))
def test_sequences_cover_the_file_once(size: int, word: int) -> None:
    dialect = Dialect.of(word)
    cuts = list(sequences(size, dialect))
    assert sum(cut.real for cut in cuts) == size
    assert [cut.offset for cut in cuts] == [sum(cut.real for cut in cuts[:i]) for i in range(len(cuts))]
    assert [cut.last for cut in cuts] == [False] * (len(cuts) - 1) + [True] * bool(cuts)
    assert all(cut.aligned == cut.parts * dialect.part_size and cut.parts <= dialect.parts for cut in cuts)


def test_responses() -> None:
    assert Response.parse(bytes.fromhex("6400000000000200")) == Response(0x64, 0x20000)
    assert Response.parse(bytes.fromhex("0000000005000000")) == Response(0, 5)
    for raw in (bytes(8), bytes.fromhex("6600000000000200"), bytes.fromhex("ffffffff95ffffff")):
        declared = response_declaration().parse(raw)
        assert (declared.kind, declared.value) == (Response.parse(raw).kind, Response.parse(raw).value)
        assert bytes(Response.parse(raw)) == raw
    refused = Response.parse(bytes.fromhex("ffffffff95ffffff"))
    assert refused.failed
    assert "OEM lock" in meaning(refused.value)
    assert bytes(refused).hex() == "ffffffff95ffffff"
    assert meaning(-4242) == "unknown reason -4242"


def test_what_a_version_word_says() -> None:
    assert (Dialect.of(0).part_size, Dialect.of(0).parts, Dialect.of(0).version) == (131072, 800, 1)
    assert (Dialect.of(0x20000).part_size, Dialect.of(0x20000).parts) == (1 << 20, 30)
    assert [Dialect.of(word).compressed for word in (0, 0x20000, 0x28000, 0x48000)] == [False, False, False, True]


@pytest.mark.parametrize("data", [b"", bytes(1023), bytes(1025)])
def test_a_request_of_another_length_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError, match="instead of 1024"):
        Request.parse(data)
    with pytest.raises(FormatError, match="instead of 8"):
        Response.parse(data)


def test_names_for_people() -> None:
    assert loke.pit_dump().name == "PIT DUMP"
    assert Request(0x65, 77).name == "PIT 77"
    assert Request(0x12, 1).name == "0x12 1"


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(FormatError, match="nine words"):
        bytes(Request(1, 1, (1 << 32,)))

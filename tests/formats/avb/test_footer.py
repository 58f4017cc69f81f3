"""The AVB footer: 64 bytes as avbtool packs them (``AvbFooter.FORMAT_STRING`` ``!4s2L3Q28x``)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pmport.errors import FormatError
from pmport.formats.avb.footer import AvbFooter

U64 = st.integers(0, 2**64 - 1)
WORKED = struct.pack("!4s2L3Q28x", b"AVBf", 1, 0, 0x1000, 0x2000, 0x300)


def test_it_is_written_as_avbtool_writes_it() -> None:
    assert AvbFooter(0x1000, 0x2000, 0x300).encode() == WORKED


@given(U64, U64, U64, st.binary(min_size=28, max_size=28))
def test_what_is_written_is_read(original: int, offset: int, size: int, reserved: bytes) -> None:
    footer = AvbFooter(original, offset, size, reserved=reserved)
    assert AvbFooter.parse(footer.encode()) == footer


@pytest.mark.parametrize("data", [b"", WORKED[:-1], WORKED + b"\0", b"AVB0" + WORKED[4:], bytes(64)])
def test_anything_else_is_none(data: bytes) -> None:
    with pytest.raises(FormatError, match="There is no AVB footer") as raised:
        AvbFooter.parse(data)
    assert (raised.value.field, raised.value.offset) == ("magic", 0)

"""Every error is found in one tree, catches as the built-in would, and says what to do next."""

from __future__ import annotations

import pickle

import pytest

from pmport import errors

ALL = [getattr(errors, name) for name in errors.__all__]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_each_error_stands_in_the_drawn_tree(error: type[Exception]) -> None:
    assert issubclass(error, errors.PmportError)
    assert error.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize("error", [e for e in ALL if e is not errors.PmportError], ids=lambda error: error.__name__)
def test_each_error_is_also_the_built_in_that_a_caller_would_expect(error: type[Exception]) -> None:
    built_in = [
        base
        for base in error.__mro__
        if base.__module__ == "builtins" and base not in {Exception, BaseException, object}
    ]
    assert built_in, f"{error.__name__} inherits no built-in"
    assert all(base.__name__ in (errors.__doc__ or "") for base in built_in[:1])


def test_a_format_error_says_what_where_and_what_next() -> None:
    error = errors.FormatError("size is past the end", format="QCDT", field="size", offset=64, remedy="fetch it again")
    assert str(error) == "QCDT: size is past the end (size at offset 64, 0x40). fetch it again."
    assert (error.format, error.field, error.offset) == ("QCDT", "size", 64)


def test_a_transport_error_keeps_its_text_though_it_is_an_os_error() -> None:
    error = errors.DeviceGoneError(
        "unplugged", device="usb:1-1", bytes_sent=512, state="boot is half written", remedy="plug it in"
    )
    assert str(error) == "unplugged. boot is half written. plug it in."
    assert isinstance(error, ConnectionError)
    assert error.bytes_sent == 512


def test_a_refusal_names_the_word_that_allows_it() -> None:
    assert "allow=('repartition',)" in str(errors.RefusedError("it would repartition the phone", danger="repartition"))


def test_an_error_survives_the_way_between_processes() -> None:
    error = errors.PmportError("what", state="state", remedy="remedy")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own bytes

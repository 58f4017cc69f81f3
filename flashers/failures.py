"""Errors of a step say what they mean for the phone, and what to do next, whatever raised them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pmport.errors import FlashError, FormatError, SourceChangedError, TransportError

__all__ = ["told"]


@contextmanager
def told(title: str, state: str, remedy: str, partition: str = "") -> Iterator[None]:
    """Make each error inside a :class:`~pmport.errors.FlashError` with state and remedy; those that it has stay.

    Args:
        title: What is being done.
        state: What is on the phone, if it fails here.
        remedy: What to do next.
        partition: Which partition is written, if any.

    Yields:
        Nothing.

    Raises:
        FlashError: For whatever went wrong with the phone, the cable or the file.
    """
    try:
        yield
    except TransportError as error:
        raise FlashError(
            f"{title}: {error.what}", partition=partition, bytes_sent=error.bytes_sent,
            state=error.state or state, remedy=error.remedy or remedy,
        ) from error  # fmt: skip
    except FlashError as error:
        error.partition = error.partition or partition
        error.state, error.remedy = error.state or state, error.remedy or remedy
        raise
    except (SourceChangedError, FormatError, OSError) as error:
        own = error.remedy if isinstance(error, (SourceChangedError, FormatError)) else ""
        what = error.what if isinstance(error, (SourceChangedError, FormatError)) else str(error)
        raise FlashError(
            f"{title}: {what}", partition=partition, state=state, remedy=f"{own}; {remedy}" if own else remedy
        ) from error

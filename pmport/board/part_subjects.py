"""Parts on i2c and spi buses."""

from __future__ import annotations

from pmport.board.drafting import Drafting

__all__ = ["draft_clients"]


def draft_clients(draft: Drafting) -> None:
    """Every part on a bus.

    Args:
        draft: The draft.
    """

"""The floors of ARCHITECTURE.md hold: an import-linter contract, run with the tests."""

from __future__ import annotations

import pytest
from support import REPOSITORY


def test_rooms_use_only_what_lies_below_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports  # noqa: PLC0415 - slow to import

    if not (REPOSITORY / "pmport" / "kernels").exists():
        pytest.skip("a checkout without symbolic links: import-linter cannot see the rooms")
    monkeypatch.chdir(REPOSITORY)
    status = lint_imports(no_cache=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out

"""What tests share: where real files are, and the outside judges."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("PMPORT_CORPUS") or REPOSITORY.parent / "shared" / "corpus")
MIRRORS = Path(os.environ.get("PMPORT_MIRRORS") or REPOSITORY.parent / "external-mirrors")
"""Checkouts of pmaports and pmbootstrap, where somebody has them: judges."""
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def judge(program: str, package: str) -> str:
    """The path of an outside program; skips where it is missing, fails in CI."""
    path = shutil.which(program)
    if path is None:
        message = f"the judge {program} is not installed: apt-get install {package}"
        if IN_CI and os.geteuid() == 0:
            pytest.fail(message)
        pytest.skip(message)
    return path


def corpus_files(folder: str, pattern: str = "*") -> list[Path]:
    """Real files of the corpus, or one parameter that skips and says why."""
    return sorted(path for path in (CORPUS / folder).glob(pattern) if path.is_file()) or [CORPUS / folder / "absent"]


def real(path: Path) -> Path:
    """The corpus file; skips where the corpus is absent."""
    if not path.exists():
        pytest.skip(f"the corpus of real images is not here: {path} (set PMPORT_CORPUS)")
    return path

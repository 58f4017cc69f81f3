"""What all tests share: the corpus, the outside judges, and the tiers."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent
CORPUS = Path(os.environ.get("PMPORT_CORPUS") or REPOSITORY.parent / "shared" / "corpus")
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), max_examples=100, derandomize=True)
settings.load_profile("ci" if IN_CI else "default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run also what downloads, boots QEMU or takes long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="runs with ./run test --all")
    for item in items:
        if item.get_closest_marker("online") or item.get_closest_marker("slow"):
            item.add_marker(skip)


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


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real images; skips where it is absent."""
    return real(CORPUS)

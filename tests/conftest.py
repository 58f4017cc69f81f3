"""What all tests share: profiles and tiers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import IN_CI, REPOSITORY

settings.register_profile("default", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("default"), max_examples=100, derandomize=True)
settings.load_profile("ci" if IN_CI else "default")
for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR"):
    os.environ.pop(name, None)  # how wide the developer's terminal is changes what is printed


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run also what downloads, boots QEMU or takes long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="runs with ./run test --all")
    for item in items:
        if item.get_closest_marker("online") or item.get_closest_marker("slow"):
            item.add_marker(skip)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Where coverage would cost minutes: pytest-cov's own pause does nothing in a worker, where two measure."""
    if not item.get_closest_marker("no_cover"):
        return (yield)
    tracing = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracing)


@pytest.fixture(scope="session")
def tracked_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that git tracks, and nothing else, in a folder of their own."""
    folder = tmp_path_factory.mktemp("tracked") / "tree"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if tracked.returncode:
        pytest.skip("no git checkout: which files are tracked is not known")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        source, target = REPOSITORY / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_file():
            target.symlink_to(source)
    return folder


@pytest.fixture(scope="session")
def wheel(tracked_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built from the files that git tracks."""
    folder = tmp_path_factory.mktemp("wheel")
    setup = "import setuptools.build_meta as backend, sys; print(backend.build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", setup, str(folder)]
    subprocess.run(command, cwd=tracked_tree, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path

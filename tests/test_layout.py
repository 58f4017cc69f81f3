"""The repository is laid out as ARCHITECTURE.md says."""

from __future__ import annotations

import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
from support import REPOSITORY

SETUPTOOLS = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]


def test_each_room_at_the_top_is_linked_into_the_package() -> None:
    for package, folder in SETUPTOOLS["package-dir"].items():
        link = REPOSITORY.joinpath(*package.split("."))
        assert link.is_symlink(), f"{link} is no link: is this a checkout without symbolic links?"
        assert link.resolve() == REPOSITORY / folder


def test_every_package_is_listed_for_the_wheel() -> None:
    inits = [
        path
        for room in ("pmport", "flashers", "device_db", "kernels")
        for path in (REPOSITORY / room).rglob("__init__.py")
    ]
    tops = {folder: package for package, folder in SETUPTOOLS["package-dir"].items()}
    found = set()
    for init in inits:
        parts = init.parent.relative_to(REPOSITORY).parts
        if not (REPOSITORY / parts[0] / (parts[1] if len(parts) > 1 else "")).is_symlink():
            found.add(".".join((tops.get(parts[0], parts[0]), *parts[1:])))
    assert found == set(SETUPTOOLS["packages"])


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Names in the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_every_tracked_file_of_a_room_is_in_the_wheel(names: set[str]) -> None:
    tops = {folder: package.replace(".", "/") for package, folder in SETUPTOOLS["package-dir"].items()}
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True
    )  # "names" skips without git
    missing = []
    for name in filter(None, tracked.stdout.decode().split("\0")):
        top, _, rest = name.partition("/")
        if top in {"pmport", *tops} and (REPOSITORY / name).is_file() and not (REPOSITORY / name).is_symlink():
            inside = f"{tops.get(top, top)}/{rest}"
            if inside not in names:
                missing.append(name)
    assert not missing, f"package-data of pyproject.toml lacks {missing}"


def test_nothing_but_pmport_lands_in_site_packages(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if not re.match(r"pmport-[^/]*\.(dist-info|data)/", name)} == {
        "pmport"
    }


def test_the_wheel_brings_the_man_page_and_the_completions(names: set[str]) -> None:
    shared = {name.split(".data/data/")[1] for name in names if ".data/data/" in name}
    assert shared == {
        "share/man/man1/pmport.1",
        "share/bash-completion/completions/pmport",
        "share/zsh/site-functions/_pmport",
        "share/fish/vendor_completions.d/pmport.fish",
    }

"""The repository is laid out as ARCHITECTURE.md says."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile

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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel that is built from the files that git tracks."""
    folder = tmp_path_factory.mktemp("wheel")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=False)
    if tracked.returncode:
        pytest.skip("no git checkout: which files are tracked is not known")
    for name in filter(None, tracked.stdout.decode().split("\0")):
        source, target = REPOSITORY / name, folder / "tree" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        elif source.is_file():
            target.symlink_to(source)
    setup = "import setuptools.build_meta as backend, sys; print(backend.build_wheel(sys.argv[1]))"
    command = [sys.executable, "-c", setup, str(folder)]
    subprocess.run(command, cwd=folder / "tree", check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def test_every_tracked_file_of_a_room_is_in_the_wheel(wheel: set[str]) -> None:
    tops = {folder: package.replace(".", "/") for package, folder in SETUPTOOLS["package-dir"].items()}
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True)
    missing = []
    for name in filter(None, tracked.stdout.decode().split("\0")):
        top, _, rest = name.partition("/")
        if top in {"pmport", *tops} and (REPOSITORY / name).is_file() and not (REPOSITORY / name).is_symlink():
            inside = f"{tops.get(top, top)}/{rest}"
            if inside not in wheel:
                missing.append(name)
    assert not missing, f"package-data of pyproject.toml lacks {missing}"


def test_nothing_but_pmport_lands_in_site_packages(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"pmport"}

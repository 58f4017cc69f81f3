"""The repository is laid out as ARCHITECTURE.md says."""

from __future__ import annotations

import tomllib

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

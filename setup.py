"""What ``pyproject.toml`` cannot say: the man page and the completions, made from the command itself, and the links of an sdist."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

from setuptools import setup
from setuptools.command.sdist import sdist

HERE = Path(__file__).absolute().parent
TABLE = tomllib.loads((HERE / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
MADE = Path("build", "share")
"""Where the made files stand until they are installed."""
PLACES = {
    "share/man/man1": "pmport.1",
    "share/bash-completion/completions": "pmport",
    "share/zsh/site-functions": "_pmport",
    "share/fish/vendor_completions.d": "pmport.fish",
}


class LinkedSdist(sdist):
    """An sdist that is laid out as the repository is, so that its tests run in place."""

    def make_release_tree(self, base_dir: str, files: list[str]) -> None:
        """Put the rooms' links beside the files."""
        super().make_release_tree(base_dir, files)
        for package, folder in TABLE["package-dir"].items():
            link = Path(base_dir, *package.split("."))
            if not link.exists():
                link.symlink_to(os.path.relpath(Path(base_dir, folder), link.parent), target_is_directory=True)


def made() -> list[tuple[str, list[str]]]:
    """Make the man page and the completions; an environment without click gets none."""
    try:
        import click  # noqa: F401, PLC0415 - asks whether it is there
    except ImportError:
        return []
    sys.path[:0] = [str(HERE), str(HERE / "tools")]
    import pmport  # noqa: PLC0415 - found through the line above

    pmport.__path__.append(str(HERE))  # where an archive has no links, the rooms stand at the top
    from man_page import completions, man_page  # noqa: PLC0415

    texts = {"pmport.1": man_page(), **completions()}
    rows = []
    for place, name in PLACES.items():
        path = HERE / MADE / place.removeprefix("share/") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[name], encoding="utf-8", newline="\n")
        rows.append((place, [path.relative_to(HERE).as_posix()]))
    return rows


setup(data_files=made(), cmdclass={"sdist": LinkedSdist})

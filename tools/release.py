"""Say a new version everywhere, and what is to be done next: ``python tools/release.py 0.2.0 --home https://…``.

Nothing is committed, tagged, built or sent: the script changes files, and prints the commands for the rest.
"""

from __future__ import annotations

import argparse
import re
import sys
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from pathlib import Path

ROOT = Path(__file__).absolute().parent.parent
NEXT = """\
git diff
.ci/run
git commit -am 'Release {version}' && git tag -s v{version}
python -m build                                # dist/: sdist and wheel
git switch --detach v{version} && ./run wheel    # the tests against the wheel
cp -r packaging/debian pmport-{version}/debian   # in the unpacked sdist, then dpkg-buildpackage
cp packaging/alpine/APKBUILD …                 # beside the sdist, then abuild checksum && abuild -r
"""


def replaced(name: str, pattern: str, text: str) -> tuple[Path, str]:
    """A file with one line made anew.

    Args:
        name: Its path.
        pattern: What the line looks like.
        text: The line as it will be.

    Returns:
        ``(path, whole text)``.

    Raises:
        SystemExit: If there is no such line.
    """
    path = ROOT / name
    new, count = re.subn(pattern, lambda _: text, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
    if not count:
        sys.exit(f"{name} has no line like {pattern}")
    return path, new


def main() -> int:
    """Change the files.

    Returns:
        The exit code: 2 for a version that does not follow.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("version")
    parser.add_argument("--date", type=date.fromisoformat, default=datetime.now(UTC).date())
    parser.add_argument("--home", default="", help="where the project is at home, for the packages")
    options = parser.parse_args()
    version, day = options.version, options.date
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    old = re.search(r'^version = "([0-9.]+)"$', project, re.MULTILINE)
    if old is None or not re.fullmatch(r"\d+\.\d+\.\d+", version) or numbers(version) <= numbers(old[1]):
        parser.error(f"{version} does not follow {old and old[1]}: three numbers, and higher")
    stamp = format_datetime(datetime.combine(day, time(), UTC))
    debian = f"pmport ({version}-1) unstable; urgency=medium\n\n  * Release of upstream's version {version}.\n\n -- The pmport developers <pmport@localhost>  {stamp}\n\n"
    changes = [
        replaced("pyproject.toml", r'^version = "[^"]*"$', f'version = "{version}"'),
        replaced("pmport/__init__.py", r'^__version__ = "[^"]*"$', f'__version__ = "{version}"'),
        replaced("CHANGELOG.md", r"^## Unreleased$", f"## Unreleased\n\n## {version} - {day}"),
        replaced("packaging/debian/changelog", r"\A", debian),
    ]
    path, text = replaced("packaging/alpine/APKBUILD", r"^pkgver=.*$", f"pkgver={version}")
    if options.home:
        text = re.sub(r'^url=".*"$', lambda _: f'url="{options.home}"', text, flags=re.MULTILINE)
    for file, new in [*changes, (path, text)]:
        file.write_text(new, encoding="utf-8", newline="\n")
    sys.stdout.write(NEXT.format(version=version))
    return 0


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers that can be compared."""
    return tuple(int(part) for part in version.split("."))


if __name__ == "__main__":
    sys.exit(main())

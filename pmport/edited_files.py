r"""Files that are made anew again and again, and that a person edits meanwhile: what was edited stays.

What was written last is noted beside the files, as ``sha256sum`` writes it. A file that has another sum was edited.

Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder)
    ...     _ = write_unedited(place, {"APKBUILD": b"1\n", "deviceinfo": b"1\n"}, ".sums")
    ...     _ = (place / "deviceinfo").write_bytes(b"mine\n")
    ...     kept = write_unedited(place, {"APKBUILD": b"2\n", "deviceinfo": b"2\n"}, ".sums")
    ...     kept, (place / "APKBUILD").read_bytes(), (place / "deviceinfo").read_bytes()
    (('deviceinfo',), b'2\n', b'mine\n')
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from pmport.file_writing import replacing

__all__ = ["unedited", "write_unedited"]

LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def write_unedited(folder: Path, files: Mapping[str, bytes], sums: str, *, force: bool = False) -> tuple[str, ...]:
    """Write files, but leave those that were edited since they were written last.

    Args:
        folder: Where they go; made if it is not there.
        files: Path below the folder → content.
        sums: Name of the note in the folder.
        force: Write over edited ones, too.

    Returns:
        The files that were left, because somebody edited them and they would have become others.

    Raises:
        OSError: If it cannot be written.
    """
    note = folder / sums
    known = _noted(note)
    kept = []
    for name, data in files.items():
        path = folder / name
        there = path.read_bytes() if path.is_file() else None
        if there not in {None, b"", data} and not force and known.get(name) != _sum(there or b""):
            kept.append(name)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if there != data:
            with replacing(path) as target:
                target.write(data)
        known[name] = _sum(data)
    with replacing(note) as target:
        target.write("".join(f"{value}  {name}\n" for name, value in known.items()).encode())
    return tuple(kept)


def unedited(folder: Path, name: str, sums: str) -> bool:
    """Whether a file is as it was written last.

    Args:
        folder: Where it is.
        name: Its path below the folder.
        sums: Name of the note in the folder.

    Returns:
        True where its sum is the noted one.
    """
    path = folder / name
    return path.is_file() and _noted(folder / sums).get(name) == _sum(path.read_bytes())


def _noted(note: Path) -> dict[str, str]:
    text = note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""
    return {match[2]: match[1] for line in text.splitlines() if (match := LINE.fullmatch(line))}


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

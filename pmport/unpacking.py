"""Taking any container apart into a folder, and putting it together again.

:func:`unpack` writes one file per part that carries something, and one per content that is not there as it stands (what a
compressed stream, a sparse image or a payload holds); all other bytes into ``pmport.skeleton``, and a small
manifest, ``pmport.toml``. :func:`repack` gives the identical container back; where a file or a field of the manifest was
changed, it gives the right new one: the container's own ``replace`` brings sizes, ids and checksums up to date.

Names that stand in an image never become paths unchecked. Files are written under a temporary name and renamed.

Example:
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pmport.formats.boot.image import BootImage
    >>> image = BootImage.build(b"kernel", b"ramdisk", cmdline="quiet")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = unpack(image, folder)
    ...     same = bytes(repack(folder)) == bytes(image)
    ...     _ = (Path(folder) / "ramdisk").write_bytes(b"another ramdisk")
    ...     with repack(folder) as new:
    ...         same, new.ramdisk.read(), new.id_recipe
    (True, b'another ramdisk', 'aosp-sha1')
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import signature
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from pmport.byte_sources import FileSource
from pmport.errors import FormatError, RecordError
from pmport.file_writing import replacing
from pmport.formats.base.archive import Members
from pmport.formats.registry import row_of
from pmport.node import Data, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.events import OnEvent

__all__ = ["MANIFEST", "SKELETON", "file_names", "repack", "replacing", "unpack"]

MANIFEST = "pmport.toml"
SKELETON = "pmport.skeleton"
SCHEMA = 1
_UNSAFE = re.compile(r"[^A-Za-z0-9._+-]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that Windows takes for devices, with any extension."""
HEX = re.compile(r"(?:[0-9a-f]{2})*")
LONGEST_NAME = 100
ZERO_SEARCH = 1 << 20
"""Fill up to this many bytes is looked at, and left out of the skeleton where it is zeros; larger fill always is."""


def file_names(names: list[str]) -> list[str]:
    """Make file names of names that an image holds.

    Args:
        names: Any text: empty, with slashes, NUL, dots, twice the same …

    Returns:
        As many names, each one different (also where capitals do not count), none a path, hidden, or a device.

    Example:
        >>> file_names(["kernel", "../../etc/passwd", "", "KERNEL", "nul", "pmport.toml"])
        ['kernel', 'etc_passwd', 'part', 'KERNEL-2', 'part-nul', 'part-pmport.toml']
    """
    taken: set[str] = set()
    result = []
    for name in names:
        safe = _UNSAFE.sub("_", name).lstrip("._-").rstrip(".")[:LONGEST_NAME] or "part"
        if _DEVICES.fullmatch(safe) or safe.lower() in {MANIFEST, SKELETON}:
            safe = f"part-{safe}"
        unique, count = safe, 1
        while unique.lower() in taken:
            count += 1
            unique = f"{safe}-{count}"
        taken.add(unique.lower())
        result.append(unique)
    return result


def unpack(node: Node, directory: str | os.PathLike[str], on_event: OnEvent | None = None) -> tuple[Path, ...]:
    """Take a container apart.

    Args:
        node: Anything that :func:`pmport.open` gives.
        directory: Where to; made if it is not there. One with other things in it is refused.
        on_event: Gets :class:`~pmport.events.BytesMoved`; None: nobody watches.

    Returns:
        The files that were written, the manifest last.

    Raises:
        RecordError: If the directory holds things that are no unpacked container.
        FormatError: If what is inside cannot be read: a damaged stream, a checksum that does not hold. Then nothing is
            written.
        OSError: If it cannot be written.
    """
    folder = Path(directory)
    _claim(folder)
    _refuse_damaged(node)
    with _staged(folder) as stage:
        return tuple(folder / path.name for path in _unpack_into(node, stage, on_event))


def _refuse_damaged(node: Node) -> None:
    """Refuse an archive with a damaged member that stands there as it is; what is decompressed is checked on the way."""
    if not isinstance(node, Members):
        return
    damaged = node.damaged([member.name for member in node.members if member.offset is not None])
    if damaged:
        raise FormatError(
            f"{', '.join(damaged)} is damaged: its checksum is wrong", format=node.KIND, field=damaged[0],
            remedy="Get the file again",
        )  # fmt: skip


@contextmanager
def _staged(folder: Path) -> Iterator[Path]:
    """A folder beside the wanted one, whose files move there when all of them are whole; else nothing is left."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    try:
        yield stage
        folder.mkdir(exist_ok=True)
        for path in stage.iterdir():
            path.replace(folder / path.name)
    finally:
        rmtree(stage, ignore_errors=True)


def _unpack_into(node: Node, folder: Path, on_event: OnEvent | None) -> Iterator[Path]:
    parts = list(node.parts())
    inner = list(node.contents().items())
    contents = [part for part in parts if part.role is Role.CONTENT]
    names = iter(file_names([*(part.name for part in contents), *(name for name, _ in inner)]))
    total = sum(part.section.size for part in parts) + sum(section.size for _, section in inner)
    done = 0
    editable = hasattr(node, "replace")

    def told(count: int) -> None:
        nonlocal done
        done += count
        if on_event:
            from pmport.events import BytesMoved  # noqa: PLC0415 - only where somebody watches

            on_event(BytesMoved("unpack", done, total))

    rows: list[dict[str, Any]] = []
    with replacing(folder / SKELETON) as skeleton:
        for part in parts:
            row: dict[str, Any] = {"name": part.name, "role": str(part.role), "size": part.section.size}
            if part.role is Role.CONTENT:
                path = folder / next(names)
                rows.append(row | _written(part.section, path, editable=editable))
                yield path
            else:
                zeros = _is_zeros(part)
                rows.append(row | ({"zeros": True} if zeros else {}))
                if not zeros:
                    part.section.copy_to(skeleton)
            told(part.section.size)
    inside: list[dict[str, Any]] = []
    for name, section in inner:
        path = folder / next(names)
        inside.append({"name": name, "size": section.size} | _written(section, path, editable=editable))
        yield path
        told(section.size)
    with replacing(folder / MANIFEST) as file:
        file.write(_manifest(node, node.hints(), rows, inside).encode())
    yield folder / SKELETON
    yield folder / MANIFEST


def _written(section: Section, path: Path, *, editable: bool) -> dict[str, Any]:
    """Write a file, and note by what a change of it is told."""
    with replacing(path) as file:
        section.copy_to(file)
    row = {"file": path.name, "written_ns": path.stat().st_mtime_ns}
    return row if editable else row | {"sha256": section.sha256()}


def repack(directory: str | os.PathLike[str], **options: Any) -> Node:
    """Put a container together again.

    Args:
        directory: What :func:`unpack` wrote.
        options: For the format's ``replace``, such as ``avb=`` and ``partition_size=`` of a boot image.

    Returns:
        The container: the same bytes where nothing was changed, else edited. It reads from the folder's files until it
        is closed. What the edit has to say stands in its ``findings()``.

    Raises:
        RecordError: If the manifest is missing or damaged, or a file is gone.
        FormatError: If the changed parts do not fit, or the format cannot be edited.
    """
    folder = Path(directory)
    manifest = _Manifest.read(folder)
    row = row_of(manifest.kind)
    kind = row.load() if row else Data
    changed = {row["name"]: Section.of(FileSource(folder / row["file"])) for row in manifest.changed(folder)}
    whole = Section.joined(manifest.sections(folder, changed), manifest.kind)
    node = kind.parse(whole)
    changed |= {row["name"]: Section.of(FileSource(folder / row["file"])) for row in manifest.changed_inside(folder)}
    fields = manifest.changed_fields(node.fields())
    if not changed and not fields and not options:
        return node
    edit = getattr(node, "replace", None)
    if edit is None:
        raise FormatError(
            f"{', '.join(changed) or 'something'} was changed, and this format is read-only",
            format=manifest.kind,
            remedy="Restore the files, or unpack again",
        )
    edits = {**changed, **fields, **(manifest.hints if changed else {}), **options}
    try:
        signature(edit).bind(**edits)
    except TypeError as error:
        raise FormatError(f"This cannot be changed: {error}", format=manifest.kind) from None
    new = edit(**edits)
    if not isinstance(new, Node):
        raise TypeError(f"{kind.__name__}.replace gives no node")
    return new


@dataclass(frozen=True)
class _Manifest:
    kind: str
    fields: Mapping[str, Any]
    hints: Mapping[str, Any]
    rows: tuple[dict[str, Any], ...]
    inside: tuple[dict[str, Any], ...]
    path: Path

    @classmethod
    def read(cls, folder: Path) -> _Manifest:
        import tomllib  # noqa: PLC0415 - only repacking reads

        path = folder / MANIFEST
        try:
            with path.open("rb") as file:
                data = tomllib.load(file)
        except FileNotFoundError:
            raise RecordError(
                "There is no such manifest", file=str(path), remedy="Name a folder that pmport unpack wrote"
            ) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RecordError(f"It cannot be read: {error}", file=str(path)) from None
        if data.get("schema") != SCHEMA:
            raise RecordError(f"Is {data.get('schema')!r}, and {SCHEMA} is known", file=str(path), key="schema")
        rows, inside = data.get("parts", []), data.get("contents", [])
        checked = all(isinstance(listed, list) and all(map(_row_is_good, listed)) for listed in (rows, inside))
        if not checked or not all("file" in row for row in inside) or not isinstance(data.get("kind"), str):
            raise RecordError(
                "A part lacks name, role or size, or its file is no plain name", file=str(path), key="parts"
            )
        for row in (*rows, *inside):
            row["name"] = _name_of(row)
        return cls(
            data["kind"], _table(data, "fields", path), _table(data, "hints", path), tuple(rows), tuple(inside), path
        )

    def changed_fields(self, known: Mapping[str, str | int]) -> dict[str, str | int]:
        """Fields that have another value than the container as it was."""
        for name, value in self.fields.items():
            if name not in known or type(value) is not type(known[name]):
                raise RecordError(
                    "There is no such field, or its value is of another type",
                    file=str(self.path),
                    key=f"fields.{name}",
                    remedy=f"Known are {', '.join(known) or 'none'}",
                )
        return {name: value for name, value in self.fields.items() if value != known[name]}

    def changed(self, folder: Path) -> Iterator[dict[str, Any]]:
        """Rows whose file is not as it was written."""
        return self._changed(folder, self.rows)

    def changed_inside(self, folder: Path) -> Iterator[dict[str, Any]]:
        """As :meth:`changed`, of what is not there as it stands: decompressed, expanded."""
        return self._changed(folder, self.inside)

    @staticmethod
    def _changed(folder: Path, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for row in rows:
            if "file" not in row:
                continue
            path = folder / row["file"]
            try:
                status = path.stat()
            except OSError as error:
                raise RecordError(
                    f"The part {row['name']} cannot be read: {error.strerror}", file=str(path), key="file"
                ) from None
            if status.st_size == row["size"] and (
                status.st_mtime_ns == row.get("written_ns")
                or ("sha256" in row and Section.of(FileSource(path)).sha256() == row["sha256"])
            ):
                continue
            yield row

    def sections(self, folder: Path, changed: Mapping[str, Section]) -> Iterator[Section]:
        """The container as it was, zeros where a part was changed."""
        skeleton = Section.of(FileSource(folder / SKELETON))
        at = 0
        for row in self.rows:
            if row.get("zeros") or row["name"] in changed:
                yield Section.zeros(row["size"])
            elif "file" in row:
                yield Section.of(FileSource(folder / row["file"]))
            else:
                if at + row["size"] > skeleton.size:
                    raise RecordError("It is shorter than the manifest says", file=str(folder / SKELETON))
                yield skeleton[at : at + row["size"]]
                at += row["size"]


def _row_is_good(row: object) -> bool:
    if not isinstance(row, dict):
        return False
    file = row.get("file", "x")
    raw = row.get("name_hex", "")
    return (
        isinstance(row.get("name"), str)
        and isinstance(raw, str)
        and HEX.fullmatch(raw) is not None
        and isinstance(row.get("size"), int)
        and 0 <= row["size"] < 1 << 63
        and isinstance(file, str)
        and file_names([file]) == [file]
    )


def _name_of(row: Mapping[str, Any]) -> str:
    """A part's name, also one that is not UTF-8 and so no text of TOML."""
    name = row["name"]
    return bytes.fromhex(row["name_hex"]).decode("utf-8", "surrogateescape") if row.get("name_hex") else str(name)


def _table(data: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise RecordError("It is no table", file=str(path), key=key)
    return table


def _claim(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).exists():
        raise RecordError(
            "The folder holds other things, and was left as it is",
            file=str(folder),
            remedy="Name a new or empty folder",
        )


def _is_zeros(part: Part) -> bool:
    """Whether fill can be left out: only what is looked at, or known, to be zeros."""
    if part.section.size > ZERO_SEARCH and any(part.section.read(0, 4096)):
        return False  # spares reading on; what begins with zeros is read to its end
    return part.section.is_zero()


def _manifest(node: Node, hints: Mapping[str, Any], rows: list[dict[str, Any]], inside: list[dict[str, Any]]) -> str:
    lines = [
        "# Written by pmport unpack; pmport repack reads it. Change files or fields, then repack.",
        f"schema = {SCHEMA}",
        f"kind = {_toml(node.KIND)}",
    ]
    fields = {name: value for name, value in node.fields().items() if _writable(value)}
    for title, values in (("fields", fields), ("hints", hints)):
        if values:
            lines += ["", f"[{title}]", *(f"{_toml(key)} = {_toml(value, key)}" for key, value in values.items())]
    for title, listed in (("parts", rows), ("contents", inside)):
        for row in listed:
            named = {**row, **_raw_name(row["name"])}
            lines += ["", f"[[{title}]]", *(f"{key} = {_toml(value)}" for key, value in named.items())]
    return "\n".join(lines) + "\n"


def _raw_name(name: str) -> dict[str, str]:
    """How a name that is not UTF-8 is written: as far as it can be read, and its bytes."""
    raw = name.encode("utf-8", "surrogateescape")
    if _writable(name):
        return {}
    return {"name": raw.decode("utf-8", "backslashreplace"), "name_hex": raw.hex()}


def _writable(value: object) -> bool:
    return not isinstance(value, str) or value.isprintable() or value.encode("utf-8", "ignore").decode() == value


def _toml(value: object, key: str = "") -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:#010x}" if key.endswith("_addr") else str(value)
    escapes = {'"': '\\"', "\\": "\\\\"}
    text = "".join(escapes.get(char) or (char if char.isprintable() else f"\\U{ord(char):08x}") for char in str(value))
    return f'"{text}"'

r"""Android's files of ``key=value`` lines: ``build.prop``, and what an over-the-air package says of itself.

A package has ``META-INF/com/android/metadata`` (``pre-device=``, ``post-build=``) and ``payload_properties.txt``
(``FILE_HASH=``), a system or a ramdisk its ``build.prop`` or ``default.prop``. All are read alike.

Example:
    >>> found = PropertyFile.parse(b"ota-type=AB\npost-build=google/a/b:9/X/1:user/release-keys\npre-device=b\n")
    >>> found["pre-device"], found["not there"]
    ('b', '')
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self

from pmport.errors import FormatError
from pmport.formats.reports.answers import Answers
from pmport.node import Format, Part, Role
from pmport.redaction import REDACTED, identifies
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["PropertyFile", "looks_like_properties", "properties_of"]

LIMIT = 1 << 20
"""No file of properties is larger, bytes."""
HEAD = 1 << 16
LINE = re.compile(rb"^[ \t]*([\w./-]+)[ \t]*=[ \t]*([^\r\n]*?)[ \t\r]*$", re.MULTILINE)
TELLING = re.compile(
    rb"^(?:ro\.(?:build|product|system|vendor|odm|bootimage|board|hardware|debuggable|secure)[\w.-]*"
    rb"|ota-type|ota-required-cache|post-build|post-timestamp|pre-device|pre-build"
    rb"|FILE_HASH|METADATA_HASH)[ \t]*=",
    re.MULTILINE,
)
"""A line that one of these files has, whatever else it has."""


class PropertyFile(Answers):
    """Properties: a mapping of key to value, in the file's order; of a key that comes twice the last counts.

    Args:
        values: Key → value.
        section: The file that they were read from, if any.
    """

    KIND = "Android properties"
    FORMAT = Format(
        probe="looks_like_properties",
        certain=False,
        source="AOSP build/make/tools/releasetools; system/core/init/property_service.cpp",
        limits="imports are not followed",
    )

    def __init__(self, values: Mapping[str, str], section: Section | None = None) -> None:
        super().__init__(values)
        self._section = section

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read a file of properties.

        Args:
            source: The text.

        Returns:
            The properties; comments, imports and what is no ``key=value`` line are passed over.

        Raises:
            FormatError: If no line is a property.
        """
        section = Section.of(source)
        values = dict(properties_of(section.read(limit=LIMIT)))
        if not values:
            raise FormatError("No line is key=value", format=cls.KIND, offset=0)
        return cls(values, section)

    def parts(self) -> Iterator[Part]:
        """The file; properties that were not read from one as lines."""
        text = "".join(f"{name}={value}\n" for name, value in self.items())
        yield Part("properties", self._section or Section.of(text.encode("utf-8", "surrogateescape")), Role.HEADER)

    def describe(self) -> Iterator[tuple[str, object]]:
        """All properties, what identifies the phone redacted."""
        for name, value in self.items():
            yield name, REDACTED if identifies(name) and value else value

    def __repr__(self) -> str:
        return f"<PropertyFile {len(self)} properties>"


def properties_of(text: bytes) -> Iterator[tuple[str, str]]:
    r"""The properties of a text.

    Args:
        text: The text.

    Yields:
        Key and value of each line that has both.

    Example:
        >>> list(properties_of(b"# a comment\nro.hardware = qcom \nimport /x\n"))
        [('ro.hardware', 'qcom')]
    """
    for match in LINE.finditer(text):
        yield match[1].decode("ascii", "replace"), match[2].decode("utf-8", "replace")


def looks_like_properties(section: Section) -> bool:
    """Whether some text is a file of Android's properties.

    Args:
        section: The bytes.

    Returns:
        True where a line sets a property that such files have.
    """
    head = section.read(0, HEAD)
    return b"\0" not in head and TELLING.search(head) is not None

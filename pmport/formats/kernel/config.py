"""Kernel configurations: ``.config``, defconfig, fragments and ``/proc/config.gz``.

The grammar is that of the kernel's own reader (``scripts/kconfig/confdata.c``; described in
``Documentation/kbuild/kconfig.rst``): one option per line, ``CONFIG_NAME=value`` or ``# CONFIG_NAME is not set``; other
lines that begin with ``#`` are comments. ``CONFIG_NAME=n`` means the same as *not set*. Of several lines for one option
the last one counts. An option that is *not set* was offered and declined; an *absent* one was never offered, because
something that it depends on is off, or because this kernel does not have it.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pmport.errors import FormatError, TooLargeError
from pmport.findings import Finding, Severity
from pmport.formats.kernel.config_option import Kind, Option, Value
from pmport.node import Format, Node, Part, Role
from pmport.section import Section

if TYPE_CHECKING:
    from pmport.section import Readable

__all__ = ["KernelConfig", "Kind", "Option", "Value", "find_configs", "is_kernel_config"]

LIMIT = 16 << 20
"""The largest configuration that is read, in bytes; the largest real ones have about 300 KiB."""
LINE_LIMIT = 64 << 10
"""The longest line, in bytes; the longest real ones are command lines and firmware lists of a few KiB."""
GZIP_MAGIC = b"\x1f\x8b\x08"

_NAMED = "Linux kernel configuration"
_SET = re.compile(r"\nCONFIG_(\w+)=([^\n]*)")
_NOT_SET = re.compile(r"\n# CONFIG_(\w+) is not set(?=\s*(?:\n|$))")
_EITHER = re.compile(r"\n(?:CONFIG_(\w+)=([^\n]*)|# CONFIG_(\w+) is not set(?=\s*(?:\n|$)))")
_UNEXPECTED = re.compile(r"\n(?!CONFIG_\w+=|#|\s*(?:\n|$))[^\n]*")
_TITLE = re.compile(r"^# Linux/(\S+) (\S+).* Kernel Configuration\s*$", re.MULTILINE)
_OLD_TITLE = re.compile(r"^# Linux kernel version: (\S+)\s*$", re.MULTILINE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_PRINTED = bytes((*range(9, 14), *range(32, 256)))
"""Every byte that is not binary: deleting them is ten times as fast as searching for the others."""
_PROBE = re.compile(rb"(?:^|\n)(?:CONFIG_\w+=|# CONFIG_\w+ is not set|# Linux/\S+ \S+ Kernel Configuration)")

ARCHES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "arm64": (("", "aarch64"),),
    "arm": (("CPU_32v7", "armv7"), ("CPU_V7", "armv7"), ("CPU_32v6", "armhf"), ("CPU_V6", "armhf"), ("", "armv7")),
    "x86": (("X86_64", "x86_64"), ("64BIT", "x86_64"), ("", "x86")),
    "x86_64": (("", "x86_64"),),
    "i386": (("", "x86"),),
    "riscv": (("32BIT", "riscv32"), ("", "riscv64")),
    "loongarch": (("", "loongarch64"),),
    "powerpc": (("CPU_LITTLE_ENDIAN", "ppc64le"), ("PPC64", "ppc64"), ("", "ppc")),
    "s390": (("", "s390x"),),
    "mips": (("64BIT", "mips64"), ("", "mips")),
}
"""The kernel's word for an architecture → (option that must be set, Alpine's name), the first that fits."""

_ARCH_OPTIONS = (
    ("ARM64", "arm64"), ("ARM", "arm"), ("RISCV", "riscv"), ("X86", "x86"), ("X86_64", "x86"), ("X86_32", "x86"),
    ("LOONGARCH", "loongarch"), ("PPC", "powerpc"), ("S390", "s390"), ("MIPS", "mips"),
)  # fmt: skip


class KernelConfig(Node, Mapping[str, str]):
    r"""A kernel configuration; a mapping from option names to values as they are written.

    Names are looked up with or without ``CONFIG_``, and listed without.

    Args:
        section: Its bytes, as they are: plain text, or gzip.
        text: The text, decoded.

    Example:
        >>> config = KernelConfig.parse(b"# Linux/arm64 6.1.0-rc2 Kernel Configuration\nCONFIG_USB=m\n# CONFIG_PCI is not set\n")
        >>> config.arch, config.version, config.value("USB"), config.value("PCI"), config.value("ACPI")
        ('aarch64', '6.1.0-rc2', 'm', False, None)
        >>> config["USB"], "CONFIG_USB" in config, dict(config)
        ('m', True, {'USB': 'm', 'PCI': 'n'})
    """

    KIND: ClassVar[str] = "kernel-config"
    FORMAT = Format(probe="is_kernel_config", source="Documentation/kbuild/kconfig.rst in the kernel's source")

    def __init__(self, section: Section, text: str) -> None:
        self._section = section
        self.text = text

    @classmethod
    def parse(cls, source: Readable) -> Self:
        """Read one.

        Args:
            source: ``.config``, defconfig, a fragment, or any of them in gzip (``/proc/config.gz``).

        Returns:
            The configuration.

        Raises:
            FormatError: If it is binary, or holds no option; with the line.
            TooLargeError: If it, or a line of it, is too long to be a configuration.
        """
        section = Section.of(source)
        data = _inflated(section) if section.read(0, 3) == GZIP_MAGIC else _limited(section)
        _check_bytes(data)
        config = cls(section, data.decode("utf-8", "surrogateescape").replace("\r\n", "\n"))
        if not config.texts:
            _refuse(config)
        return config

    @classmethod
    def build(cls, options: Mapping[str, str], *, title: str = "") -> Self:
        """Write one.

        Args:
            options: Name → value as it is written (``n``: not set), in the order of the lines.
            title: Comment lines for the top, without ``#``.

        Returns:
            The configuration.

        Example:
            >>> print(bytes(KernelConfig.build({"USB": "m", "PCI": "n"})).decode(), end="")
            CONFIG_USB=m
            # CONFIG_PCI is not set
        """
        lines = [f"# {line}".rstrip() for line in title.splitlines()]
        lines += [Option(name, text).line for name, text in options.items()]
        text = "\n".join(lines) + "\n"
        return cls(Section.of(text.encode("utf-8", "surrogateescape")), text)

    def replace(self, options: Mapping[str, str | None]) -> Self:
        """Set options; every other line stays as it is.

        Args:
            options: Name → value as it is written; ``n``: not set; None: absent. New ones come last.

        Returns:
            A new configuration; of a compressed one, the plain text.
        """
        left = dict(options)
        lines = []
        for line in self.text.splitlines(keepends=True):
            match = _EITHER.match("\n" + line.rstrip("\n"))
            name = match and (match[1] or match[3])
            if not name or name not in options:
                lines.append(line)
            elif name in left:
                value = left.pop(name)
                if value is not None:
                    lines.append(Option(name, value).line + "\n")
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines += [Option(name, value).line + "\n" for name, value in left.items() if value is not None]
        return type(self).parse("".join(lines).encode("utf-8", "surrogateescape"))

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Name → value as it is written; ``n`` for *not set*; absent options are not in it."""
        text = "\n" + self.text
        values = dict(_SET.findall(text))
        declined = _NOT_SET.findall(text)
        if values.keys() & set(declined):  # both say something: the last line counts, so keep the order of the file
            return {
                match[1] or match[3]: (match[2] or "").rstrip() if match[1] else "n" for match in _EITHER.finditer(text)
            }
        values |= dict.fromkeys(declined, "n")
        return values

    @cached_property
    def assigned(self) -> Mapping[str, str]:
        """As :attr:`texts`, but ``CONFIG_NAME=value`` counts even where a later line says *not set*."""
        return {**self.texts, **dict(_SET.findall("\n" + self.text))}

    def __getitem__(self, name: str) -> str:
        return self.texts[name.removeprefix("CONFIG_")]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.removeprefix("CONFIG_") in self.texts

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def option(self, name: str) -> Option | None:
        """An option, or None where it is absent.

        Args:
            name: With or without ``CONFIG_``.

        Returns:
            The option with its typed value.
        """
        name = name.removeprefix("CONFIG_")
        text = self.texts.get(name)
        return None if text is None else Option(name, text)

    def value(self, name: str) -> Value | None:
        """The typed value of an option.

        Args:
            name: With or without ``CONFIG_``.

        Returns:
            The value; False where the option is not set; None where it is absent.
        """
        option = self.option(name)
        return None if option is None else option.value

    def is_on(self, name: str) -> bool:
        """Whether an option is ``y`` or ``m``.

        Args:
            name: Without ``CONFIG_``.

        Returns:
            True if it is built in or a module.
        """
        return self.texts.get(name) in {"y", "m"}

    @cached_property
    def _title(self) -> re.Match[str] | None:
        return _TITLE.search(self.text[:4096])

    @property
    def version(self) -> str:
        """The kernel's version, as the header writes it (``6.1.0-rc2``); empty where there is no header."""
        if self._title:
            return self._title[2]
        old = _OLD_TITLE.search(self.text[:4096])
        return old[1] if old else ""

    @property
    def kernel_arch(self) -> str:
        """The kernel's word for the architecture (``arm64``, ``x86``), from the header, else from the options."""
        if self._title:
            return self._title[1]
        return next((arch for option, arch in _ARCH_OPTIONS if self.is_on(option)), "")

    @property
    def arch(self) -> str:
        """The architecture as Alpine names it (``aarch64``, ``armv7``); empty where nothing tells."""
        for option, arch in ARCHES.get(self.kernel_arch, ()):
            if not option or self.is_on(option):
                return arch
        return ""

    def parts(self) -> Iterator[Part]:
        """The bytes, as one part."""
        yield Part("config", self._section, Role.HEADER)

    def describe(self) -> Iterator[tuple[str, object]]:
        """Version, architecture, and how many options it has of each kind."""
        texts = self.texts.values()
        yield "version", self.version or "unknown"
        yield "architecture", self.arch or "unknown"
        yield "built in (y)", sum(text == "y" for text in texts)
        yield "modules (m)", sum(text == "m" for text in texts)
        yield "not set", sum(text == "n" for text in texts)
        yield "strings and numbers", sum(text not in {"y", "m", "n"} for text in texts)

    def findings(self) -> tuple[Finding, ...]:
        """Lines that the kernel would ignore, and options that are stated twice with different values.

        Returns:
            One finding per line or option.
        """
        text = "\n" + self.text
        found = [
            Finding(
                Severity.WARNING,
                "unexpected-line",
                f"The kernel ignores this line: {match[0].strip()[:80]!r}",
                where=f"line {text.count(chr(10), 0, match.start()) + 1}",
            )
            for match in _UNEXPECTED.finditer(text)
        ]
        seen: dict[str, str] = {}
        for match in _EITHER.finditer(text):
            name, value = match[1] or match[3], (match[2] or "").rstrip() if match[1] else "n"
            if seen.setdefault(name, value) != value:
                line = f"line {text.count(chr(10), 0, match.start()) + 1}"
                what = f"stated again, as {value} instead of {seen[name]}: the last line counts"
                found.append(Finding(Severity.WARNING, "stated-twice", what, where=f"{line}, {name}"))
                seen[name] = value
        return tuple(found)

    def __repr__(self) -> str:
        return f"<KernelConfig {self.arch or 'unknown'} {self.version or 'unknown version'}: {len(self)} options>"


def is_kernel_config(section: Section) -> bool:
    """Whether bytes look like a kernel configuration, for the table of formats.

    Args:
        section: The bytes.

    Returns:
        True if an option or the title stands within the first 4 KiB, plain or in gzip.
    """
    head = section.read(0, 4096)
    if head.startswith(GZIP_MAGIC):
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 4096)
        except zlib.error:
            return False
    return not _BINARY.search(head) and bool(_PROBE.search(head))


def find_configs(node: Node) -> Iterator[tuple[str, KernelConfig]]:
    """Every configuration inside something that was opened: the thing itself, a kernel's, a boot image's.

    Args:
        node: What :func:`pmport.open` gave.

    Yields:
        ``(path within the node, configuration)``.
    """
    for path, inner in node.walk():
        if isinstance(inner, KernelConfig):
            yield path, inner


def _inflated(section: Section) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = stream.decompress(section.read(limit=LIMIT), LIMIT)
    except zlib.error as error:
        raise FormatError(f"The gzip stream is broken: {error}", format=_NAMED, offset=0) from error
    if stream.unconsumed_tail:
        raise TooLargeError(f"More than {LIMIT} bytes when decompressed", limit=LIMIT, format=_NAMED)
    if not stream.eof:
        raise FormatError("The gzip stream ends too early", format=_NAMED, offset=section.size)
    return data


def _limited(section: Section) -> bytes:
    if section.size > LIMIT:
        _check_lines(section.read(0, LIMIT))
        raise TooLargeError(f"{section.size} bytes are too many", limit=LIMIT, format=_NAMED)
    return section.read()


def _check_lines(data: bytes) -> None:
    start = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > LINE_LIMIT:
            raise TooLargeError(
                f"line {number} has more than {LINE_LIMIT} bytes", limit=LINE_LIMIT, format=_NAMED, offset=start
            )
        start += len(line) + 1


def _check_bytes(data: bytes) -> None:
    match = _BINARY.search(data) if data.translate(None, _PRINTED) else None
    if match:
        line = data.count(b"\n", 0, match.start()) + 1
        raise FormatError(
            f"byte {data[match.start()]:#04x} cannot stand in a text",
            format=_NAMED,
            field=f"line {line}",
            offset=match.start(),
            remedy="Give a .config, a defconfig, a fragment, or /proc/config.gz",
        )
    if len(data) > LINE_LIMIT:
        _check_lines(data)


def _refuse(config: KernelConfig) -> None:
    match = _UNEXPECTED.search("\n" + config.text)
    if match:
        line = config.text.count("\n", 0, match.start()) + 1
        raise FormatError(
            f"No line states an option; the first unexpected one is {match[0].strip()[:60]!r}",
            format=_NAMED,
            field=f"line {line}",
            offset=len(config.text[: match.start()].encode("utf-8", "surrogateescape")),
        )
    if config.version or not config.text.strip():
        raise FormatError("It states no option at all", format=_NAMED, field="line 1", offset=0)
    raise FormatError("No line states an option: all are comments", format=_NAMED, field="line 1", offset=0)

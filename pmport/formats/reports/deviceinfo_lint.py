"""A linter for deviceinfo: the schema's rules, and what no other tool tells.

The schema is data (``deviceinfo_schema.toml``), in the form of pmaports' own file, which can take its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

from pmport.findings import Finding, Findings, Severity
from pmport.formats.reports.deviceinfo_schema import INTERVAL, Schema

if TYPE_CHECKING:
    from pmport.formats.reports.deviceinfo import DeviceInfo

__all__ = ["Schema", "fix", "lint"]

OFFSETS = tuple(f"flash_offset_{name}" for name in ("base", "kernel", "ramdisk", "second", "tags", "dtb"))
HEX8 = re.compile(r"0x[0-9a-fA-F]{8,9}")
HEX4 = re.compile(r"0x[0-9a-fA-F]{4}")
CI_LINE = re.compile(r'deviceinfo_[a-zA-Z0-9_]*=".*"(\s*# .*)?')
LOWER = {
    "append_dtb", "bootimg_append_seandroidenforce", "bootimg_blobpack", "bootimg_dtb_second", "bootimg_pxa",
    "bootimg_qcdt", "flash_kernel_on_update", "generate_bootimg", "generate_extlinux_config", "generate_grub_config",
    "generate_legacy_uboot_initfs", "generate_uboot_fit_images", "bootimg_prepend_dhtb",
}  # fmt: skip
"""Keys that boot-deploy compares with lower-case words."""
MAKERS_WITH_OTHER_NAMES = ("Google", "Jolla")
"""Names that need not begin with the maker's, as pmaports' CI has it."""


def lint(info: DeviceInfo, schema: Schema | None = None) -> Findings:
    """Everything that is wrong with a deviceinfo.

    Args:
        info: The deviceinfo.
        schema: The rules; None: the shipped ones.

    Returns:
        The findings, each with its line, its reason and its fix.
    """
    rules = schema or Schema.shipped()
    return Findings([*_text(info), *_keys(info, rules), *_values(info, rules), *_together(info, rules)])


def _finding(
    info: DeviceInfo,
    code: str,
    key: str,
    message: str,
    *,
    severity: Severity = Severity.ERROR,
    why: str = "",
    fix: str = "",
) -> Finding:
    line = info.line_of(key)
    where = f"line {line}, {key}" if line else key
    return Finding(severity, code, message, where=where, why=why, fix=fix)


def _text(info: DeviceInfo) -> Iterator[Finding]:
    for item in info.assignments:
        if not CI_LINE.fullmatch(item.text):
            yield _finding(
                info, "line-form", item.key, "the line is not in the form that pmaports accepts", severity=Severity.WARNING,
                why="pmbootstrap reads lines, not shell", fix=f'deviceinfo_{item.key}="{item.value}"',
            )  # fmt: skip
        if '\\"' in item.text:
            yield _finding(
                info, "escaped-quote", item.key, "the value has an escaped quote", severity=Severity.WARNING,
                why="pmbootstrap drops the quote and keeps the backslash: two readers, two values",
                fix="write inches as a word or with the sign ″",
            )  # fmt: skip
        odd = [char for char in item.value if not char.isascii() or not char.isprintable()]
        if odd and item.key not in {"name", "manufacturer"}:
            yield _finding(
                info, "odd-character", item.key, f"the value holds {odd[0]!r} (U+{ord(odd[0]):04X})",
                why="it looks like an ASCII letter and is none", fix="type it anew",
            )  # fmt: skip
    seen: set[str] = set()
    for item in info.assignments:
        if item.key in seen:
            yield _finding(
                info, "assigned-twice", item.key, "the key is assigned twice", why="the last one counts", fix="keep one"
            )
        seen.add(item.key)


def _keys(info: DeviceInfo, schema: Schema) -> Iterator[Finding]:
    for key in info:
        rules = schema.rules_of(key)
        if key in schema.renamed:
            yield _finding(
                info,
                "renamed-key",
                key,
                f"the key is called {schema.renamed[key]} now",
                fix=f"rename it to {schema.renamed[key]}",
            )
        elif rules is None:
            near = get_close_matches(key, schema.live, n=1)
            near = [name for name in schema.live if name == f"bootimg_{key}"] or near
            fix = f"did you mean {near[0]}?" if near else "remove it"
            yield _finding(info, "unknown-key", key, "there is no such key", why="nothing reads it", fix=fix)
        elif rules.get("fate") == "obsolete":
            yield _finding(
                info, "obsolete-key", key, "the key is obsolete", why=str(rules.get("epitaph", "")), fix="remove it"
            )
    for key, rules in schema.variables.items():
        if rules.get("mandatory") and key not in info:
            yield _finding(
                info,
                "missing-key",
                key,
                "the key is missing",
                why="every deviceinfo must have it",
                fix=f'deviceinfo_{key}="…"',
            )


def _values(info: DeviceInfo, schema: Schema) -> Iterator[Finding]:
    for key, value in info.items():
        rules = schema.rules_of(key)
        if rules is None or rules.get("fate"):
            continue
        kind = rules.get("datatype", "string")
        if kind == "boolean" and value not in {"true", "false"}:
            yield _finding(
                info, "not-a-boolean", key, f"{value!r} is neither true nor false", fix="write true or false"
            )
        elif kind == "enumeration" and value not in rules.get("enum_values", ()):
            near = get_close_matches(value, rules["enum_values"], n=1)
            yield _finding(
                info, "not-one-of", key, f"{value!r} is none of {', '.join(rules['enum_values'])}",
                fix=f"did you mean {near[0]}?" if near else "choose one of them",
            )  # fmt: skip
        elif kind == "integer":
            yield from _integer(info, key, value, str(rules.get("integer_interval", "")))
        if key in LOWER and value != value.lower():
            yield _finding(
                info,
                "not-lower-case",
                key,
                f"{value!r} is not in lower case",
                why="boot-deploy compares it so",
                fix=value.lower(),
            )
        if value == schema.default(key):
            yield _finding(
                info, "repeats-default", key, "the value is the default", severity=Severity.NOTE, fix="leave it out"
            )
    yield from _hexadecimal(info)


def _integer(info: DeviceInfo, key: str, value: str, interval: str) -> Iterator[Finding]:
    if not re.fullmatch(r"\d+", value):
        yield _finding(info, "not-a-number", key, f"{value!r} is no decimal number", fix="write digits only")
        return
    match = INTERVAL.fullmatch(interval)
    if match:
        low = int(match[2]) + (match[1] == "(")
        high = int(match[3]) - (match[4] == ")")
        if not low <= int(value) <= high:
            yield _finding(info, "out-of-range", key, f"{value} is not within {interval}", fix=f"write {low} to {high}")


def _hexadecimal(info: DeviceInfo) -> Iterator[Finding]:
    for key in OFFSETS:
        if key in info and not HEX8.fullmatch(info[key]):
            yield _finding(
                info, "offset-form", key, f"{info[key]!r} is not 0x and eight hexadecimal digits", severity=Severity.WARNING,
                why="mkbootimg reads other forms differently", fix=_hex8(info[key]),
            )  # fmt: skip
    for key in ("usb_idVendor", "usb_idProduct"):
        if key in info and not HEX4.fullmatch(info[key]):
            yield _finding(
                info,
                "usb-id-form",
                key,
                f"{info[key]!r} is not 0x and four hexadecimal digits",
                fix="write it as 0x18d1",
            )


def _hex8(text: str) -> str:
    try:
        return f"0x{int(text, 16):08x}"
    except ValueError:
        return "write it as 0x00008000"


def _together(info: DeviceInfo, schema: Schema) -> Iterator[Finding]:
    yield from _names(info)
    yield from _offsets(info)
    header = info.get("header_version", schema.default("header_version") or "0")
    if header == "2" and "bootimg_custom_args" not in info:
        for key in ("dtb", "flash_offset_dtb"):
            if key not in info and not any(name.startswith(f"{key}_") for name in info):
                yield _finding(
                    info,
                    "header-2-needs",
                    key,
                    f"header version 2 needs {key}",
                    why="boot-deploy stops without it",
                    fix=f"set {key}",
                )
    if "flash_offset_dtb" in info and header != "2":
        yield _finding(
            info, "offset-without-header-2", "flash_offset_dtb", f"header version {header} has no dtb section",
            severity=Severity.WARNING, why="nothing reads the offset", fix="remove it, or set header_version to 2",
        )  # fmt: skip
    if header in {"3", "4"} and (set(OFFSETS) & set(info)):
        yield _finding(
            info, "offsets-in-header-3", next(key for key in OFFSETS if key in info), f"header version {header} has no addresses",
            severity=Severity.WARNING, why="they stand in vendor_boot", fix="remove the offsets",
        )  # fmt: skip
    if info.get("bootimg_dtb_second") == "true" and "dtb" not in info:
        yield _finding(
            info, "dtb-second-needs-dtb", "bootimg_dtb_second", "there is no dtb to put there", fix="set dtb"
        )


def _names(info: DeviceInfo) -> Iterator[Finding]:
    name, maker = info.get("name", ""), info.get("manufacturer", "")
    if name and maker and not name.startswith((maker, *MAKERS_WITH_OTHER_NAMES)):
        yield _finding(
            info,
            "name-without-maker",
            "name",
            f"{name!r} does not begin with {maker!r}",
            why="pmaports' CI wants it",
            fix=f"{maker} {name}",
        )
    if "codename" in info and not re.fullmatch(r"[a-z0-9]+-[a-z0-9._-]+", info["codename"]):
        yield _finding(
            info,
            "codename-form",
            "codename",
            f"{info['codename']!r} is not <vendor>-<name> in lower case",
            fix="write it so",
        )


def _offsets(info: DeviceInfo) -> Iterator[Finding]:
    try:
        base = int(info.get("flash_offset_base", "0x10000000"), 16)
        for name in ("second", "ramdisk"):
            key = f"flash_offset_{name}"
            if base and key in info and (base + int(info[key], 16)) % (1 << 32) == 0:
                yield _finding(
                    info, "wrapped-offset", key, f"base and offset add up to zero: the {name} section was absent",
                    severity=Severity.WARNING, why="0 minus base is what an analysed image without it shows", fix="0x00f00000",
                )  # fmt: skip
    except ValueError:
        return  # told by the rule on their form


def fix(info: DeviceInfo, schema: Schema | None = None) -> DeviceInfo:
    """Mend what can be mended without knowing the device.

    Args:
        info: The deviceinfo.
        schema: The rules; None: the shipped ones.

    Returns:
        A new one: keys renamed, obsolete ones and defaults gone, offsets and quotes in their form. All else, comments
        too, is as it was.
    """
    from pmport.formats.reports.deviceinfo import PREFIX, DeviceInfo  # noqa: PLC0415 - that module does not need this one

    rules = schema or Schema.shipped()
    text = info.text
    for item in reversed(info.assignments):
        key = rules.renamed.get(item.key, item.key)
        known = rules.rules_of(key)
        gone = (known is not None and known.get("fate") == "obsolete") or item.value == rules.default(key)
        value = _hex8(item.value) if key in OFFSETS and not HEX8.fullmatch(item.value) else item.value
        line = DeviceInfo.build({key: value}).text.rstrip("\n")
        if key.startswith(PREFIX) or "…" in value:
            continue
        start = _start_of(text, item.line)
        end = start + len(item.text)
        if gone:
            text = text[:start] + text[end:].removeprefix("\n")
        elif (key, value) != (item.key, item.value) or not CI_LINE.fullmatch(item.text):
            text = text[:start] + line + text[end:]
    return DeviceInfo.parse(text)


def _start_of(text: str, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = text.index("\n", at) + 1
    while text[at] in " \t":
        at += 1
    return at

"""A first record for a phone that has none: what the facts tell, with their evidence, and what nobody told yet."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pmport.device_db.device import Addresses, Boot, Device, Display, Flash, Package
from pmport.device_db.deviceinfo_keys import DEFAULT_BASE, KEYS
from pmport.device_db.proposals import proposals
from pmport.device_db.reference_boards import is_reference_name
from pmport.errors import RecordError
from pmport.formats.reports.deviceinfo_lint import Schema
from pmport.redaction import identifies
from pmport.render import Renders, Stack, Table, View

if TYPE_CHECKING:
    from pmport.facts import DeviceFacts, Fact

__all__ = ["Draft", "Question", "draft", "questions"]

USUAL_KERNEL_OFFSET = 0x8000
"""Where kernels lie from the base, by habit of all tools; only how offsets are written depends on it."""
PLACEMENTS = {"appended": "append_dtb", "second": "dtb_second", "qcdt": "qcdt", "dtbh": "qcdt", "sprd": "qcdt"}
"""Where device trees are → key of the record. Of a table in the dt section, the type is left open: it says who builds it."""
TABLE_BUILDERS = {"dtbh": "exynos", "sprd": "sprd"}
"""Placement → ``qcdt_type``: the builder of such a table. Qualcomm's is left open, because the kernel package may bring one."""
WRAPPERS = {"seandroidenforce": "append_seandroidenforce", "dhtb": "prepend_dhtb"}
NEEDED = {
    "name": "what is it sold as?",
    "manufacturer": "who makes it?",
    "year": "when did it come out?",
    "arch": "which architecture has its userland?",
    "chassis": "is it a handset, a tablet, …?",
    "flash_method": "how is it flashed?",
    "dtb": "which mainline device tree does it use, if any?",
    "flash_pagesize": "which page size does its boot image have?",
    "flash_offset_kernel": "where does the bootloader load the kernel?",
    "flash_offset_ramdisk": "where does the bootloader load the ramdisk?",
    "flash_offset_second": "where would the bootloader load a second stage?",
    "flash_offset_tags": "where does the bootloader put the tags?",
    "flash_offset_dtb": "where does the bootloader load the device tree?",
    "screen_width": "how many pixels wide is the screen?",
    "screen_height": "how many pixels high is the screen?",
    "external_storage": "has it a slot for a card?",
    "getty": "on which serial port can one log in?",
}
"""What a port cannot do without, or what every porter knows: asked first."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that no fact told.

    Args:
        key: The deviceinfo key that waits for the answer.
        text: The question.
        needed: Whether a port usually needs it.
        default: What holds while it is not answered; "" for nothing.
        proposal: What it may be, as a deviceinfo writes it, to be confirmed; "" for nothing.
        because: The evidence for the proposal.
    """

    key: str
    text: str
    needed: bool = False
    default: str = ""
    proposal: str = ""
    because: str = ""

    def __str__(self) -> str:
        return f"{self.text} Perhaps {self.proposal}: {self.because}." if self.proposal else self.text


AMBIGUOUS = (
    ("arch", "arch", "which architecture do its kernels share"),
    ("soc", "soc", "which of the chips that the device trees are for has it"),
    ("screen_size", "screen_width", "how large is its panel (the device trees describe several)"),
)
"""Facts of which an image may hold several, the key that is asked for then, and the question."""
SHOWN = 6
"""So many candidates are told in a question."""


@dataclass(frozen=True)
class Draft(Renders):
    """A record in the making.

    Args:
        device: What is known.
        evidence: Dotted key of the record → the fact that it comes from; None: the user said it.
        questions: Every key that nothing told, the needed ones first.
    """

    device: Device
    evidence: Mapping[str, Fact | None]
    questions: tuple[Question, ...]

    @property
    def needed(self) -> tuple[Question, ...]:
        """The questions that a port usually needs answered."""
        return tuple(question for question in self.questions if question.needed)

    def view(self) -> View:
        """What is known and from where, and what is asked.

        Returns:
            Two tables.
        """
        known = [(key, value, _source(self.evidence.get(key))) for key, value in _rows(self.device)]
        asked = [(question.key, str(question), question.default) for question in self.needed]
        return Stack(
            [
                Table(("key", "value", "from"), known, title=f"{self.device.codename}: what is known"),
                Table(
                    ("key", "question", "until then"), asked, title="what an image cannot tell", empty="nothing is open"
                ),
            ]
        )


def _rows(device: Device) -> Iterator[tuple[str, str]]:
    from pmport.device_db.toml_writer import dotted  # noqa: PLC0415 - only to be shown

    return dotted(device)


def _source(fact: Fact | None) -> str:
    if fact is None:
        return "you"
    return fact.source if fact.offset is None else f"{fact.source}, {fact.offset:#x}"


def draft(facts: DeviceFacts, codename: str, **said: Any) -> Draft:
    """Draft a record.

    Args:
        facts: What the phone or its images told.
        codename: ``<vendor>-<name>``.
        said: What the user knows: ``name``, ``manufacturer``, ``year``, ``arch``, ``chassis``, ``flash_method``, ``dtb`` …
            by the names of :class:`~pmport.device_db.Device`; None and "" say nothing.

    Returns:
        The draft: record, evidence and questions. Nothing is invented: a key that no fact tells is asked for.

    Raises:
        RecordError: If the codename is malformed, or a name is not one of the record's.
    """
    if not re.fullmatch(r"[a-z0-9]+-[a-z0-9._-]+", codename):
        raise RecordError(
            f"{codename!r} is not <vendor>-<name> in lower case", key="codename", remedy="Such as nokia-n900"
        )
    evidence: dict[str, Fact | None] = {}
    fields: dict[str, Any] = {"codename": codename}
    for name in ("arch", "soc"):
        if len(_said_equally(facts, name)) == 1 and not (name == "soc" and any(_unknown_chip(facts))):
            _take(facts, name, name, fields, evidence)
    fields["boot"] = _boot(facts, evidence)
    fields["display"] = _display(facts, evidence)
    method: str = said.pop("flash_method", None) or facts.text("flash_method") or ""
    if method:
        evidence["flash.method"] = next(iter(facts.all("flash_method")), None)
    fields["flash"] = Flash(method=method)
    fields["package"] = _package(facts, evidence)
    for key, value in said.items():
        if key not in Device.__dataclass_fields__:
            raise RecordError("A record has no such key", key=key)
        if value not in {None, ""} if not isinstance(value, (list, tuple)) else value:
            fields[key] = tuple(value) if isinstance(value, list) else value
            evidence[key] = None
    device = Device(**fields)
    if device.name and device.manufacturer and not device.name.startswith((device.manufacturer, "Google", "Jolla")):
        device = replace(device, name=f"{device.manufacturer} {device.name}")
    return Draft(device, evidence, questions(device, facts))


def _take(
    facts: DeviceFacts, field: str, key: str, into: dict[str, Any], evidence: dict[str, Fact | None], path: str = ""
) -> None:
    found = facts.all(field)
    if found:
        into[key] = found[0].value
        evidence[f"{path}{key}"] = found[0]


def _boot(facts: DeviceFacts, evidence: dict[str, Fact | None]) -> Boot:
    if "header_version" not in facts:
        return Boot()
    known: dict[str, Any] = {"generate": True}
    evidence["boot.generate"] = facts.all("header_version")[0]
    version = facts.number("header_version")
    if version:
        _take(facts, "header_version", "header_version", known, evidence, "boot.")
    for name in ("page_size", "mtk_label_kernel", "mtk_label_ramdisk"):
        _take(facts, name, name, known, evidence, "boot.")
    for fact in facts.all("dtb_placement"):
        key = PLACEMENTS.get(str(fact.value))
        if key:
            known[key] = True
            evidence[f"boot.{key}"] = fact
        if str(fact.value) in TABLE_BUILDERS:
            known["qcdt_type"] = TABLE_BUILDERS[str(fact.value)]
            evidence["boot.qcdt_type"] = fact
    for fact in facts.all("wrapper"):
        key = WRAPPERS.get(str(fact.value))
        if key:
            known[key] = True
            evidence[f"boot.{key}"] = fact
    if version is not None and version <= 2:
        known["addresses"] = _addresses(facts, evidence)
    return Boot(**known)


def _addresses(facts: DeviceFacts, evidence: dict[str, Fact | None]) -> Addresses:
    known: dict[str, int] = {}
    for name in ("kernel", "ramdisk", "second", "tags", "dtb"):
        _take(facts, f"{name}_addr", name, known, evidence, "boot.addresses.")
    kernel = facts.all("kernel_addr")
    base = _base(known)
    if kernel and base != DEFAULT_BASE:
        known["base"] = base
        evidence["boot.addresses.base"] = kernel[0]
    return Addresses(**known)


def _base(addresses: Mapping[str, int]) -> int:
    """The usual base, or 0 where it would lie above an address: offsets are never negative, and mkbootimg does not wrap them."""
    usual = addresses.get("kernel", 0) - USUAL_KERNEL_OFFSET
    return usual if usual >= 0 and all(address >= usual for address in addresses.values()) else 0


def _package(facts: DeviceFacts, evidence: dict[str, Fact | None]) -> Package:
    """The stock command line, without what identifies the very phone that it was read from."""
    found = [fact for fact in facts.all("cmdline") if "bootargs" not in fact.source]  # a tree brings its own along
    words = str(found[0].value).split() if found else []
    kept = tuple(word for word in words if not identifies(word.partition("=")[0]))
    if kept:
        evidence["package.cmdline"] = found[0]
    return Package(cmdline=kept)


def _display(facts: DeviceFacts, evidence: dict[str, Fact | None]) -> Display:
    sizes = _said_equally(facts, "screen_size")
    if len(sizes) != 1:
        return Display()
    (size,) = sizes
    evidence["display.width"] = evidence["display.height"] = facts.all("screen_size")[0]
    return Display(width=size[0], height=size[1])


def _said_equally(facts: DeviceFacts, field: str) -> tuple[Any, ...]:
    """The values that are believed most: several where the parts of an image disagree, and then none is better."""
    found = facts.all(field)
    return tuple(dict.fromkeys(fact.value for fact in found if fact.certainty == found[0].certainty))


def _disagreements(facts: DeviceFacts) -> Iterator[Question]:
    for field, key, text in AMBIGUOUS:
        values = _said_equally(facts, field)
        if len(values) > 1:
            named = [f"{value[0]}x{value[1]}" if isinstance(value, tuple) else str(value) for value in values]
            more = ", …" if len(named) > SHOWN else ""
            yield Question(key, f"{text}: {', '.join(named[:SHOWN])}{more}?", needed=True)


OFFERS: Mapping[str, tuple[str, ...]] = {"name": ("model",), "manufacturer": ("manufacturer",)}
"""Key that is asked for → facts that may answer it."""


def _offered(facts: DeviceFacts, key: str) -> str:
    """What the image says, where a question may be answered by it."""
    told = [str(value) for field in OFFERS.get(key, ()) for value in facts.values(field)]
    named = [text for text in told if not is_reference_name(text)][:SHOWN]
    return f" (it names {', '.join(named)})" if named else ""


def _unknown_chip(facts: DeviceFacts) -> Iterator[Question]:
    """One tree's chip is not all trees' chip: some name one that is not known, or none."""
    chips = _said_equally(facts, "soc")
    silent = [
        told
        for place, told in facts.by_tree().items()
        if place is not None and "compatible" in told and "soc" not in told
    ]
    if len(chips) == 1 and silent:
        names = [str(value) for told in silent for value in told.values("compatible")[-1:]]
        listed = ", ".join(dict.fromkeys([str(chips[0]), *names][:SHOWN]))
        yield Question("soc", f"which of the chips that the device trees are for has it: {listed}?", needed=True)


def questions(device: Device, facts: DeviceFacts) -> tuple[Question, ...]:
    """What a record leaves open.

    Args:
        device: The record.
        facts: What the phone or its images told; none where only the record is there.

    Returns:
        A question for each open key, the needed ones first.
    """
    return tuple(sorted(_questions(device, facts), key=lambda question: not question.needed))


def _questions(device: Device, facts: DeviceFacts) -> Iterator[Question]:
    """Every open key, with what the facts propose for it; a proposal makes a question one to be asked."""
    proposed = {proposal.key: proposal for proposal in proposals(facts)}
    for question in _open_questions(device, facts):
        proposal = proposed.get(question.key)
        if proposal is None:
            yield question
        else:
            yield replace(question, needed=True, proposal=proposal.value, because=proposal.because)


def _open_questions(device: Device, facts: DeviceFacts) -> Iterator[Question]:
    """Every live key that the record leaves open, the needed ones first; the others with what holds until then."""
    schema = Schema.shipped()
    version = facts.number("header_version") or 0
    several = [*_disagreements(facts), *_unknown_chip(facts)]
    yield from several
    asked = {question.key for question in several} | ({"screen_height"} if several else set())
    open_keys = [
        key
        for key in schema.live
        if key not in asked and key in KEYS and _value(device, KEYS[key].path) in {None, "", ()}
    ]
    useless = {"flash_offset_dtb"} if version != 2 else set()
    if version > 2:
        useless |= {key for key in NEEDED if key.startswith("flash_offset_")}
    for key, text in NEEDED.items():
        if key in open_keys and key not in useless:
            yield Question(key, f"{text}{_offered(facts, key)}", needed=True, default=schema.default(key) or "")
    for key in open_keys:
        if key not in NEEDED or key in useless:
            yield Question(key, str(schema.variables[key].get("description", "")), default=schema.default(key) or "")


def _value(device: Device, path: str) -> Any:
    value: Any = device
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else getattr(value, name)
        if value is None:
            return None
    return value if value.__hash__ else tuple(value)

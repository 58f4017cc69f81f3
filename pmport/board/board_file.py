"""A board file that is being drafted: statements with their evidence, and the text that they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["BoardFile", "Certainty", "Part", "Question", "Statement", "ordered", "quoted"]

REFERENCE = re.compile(r"&\{(<[^{}]*>|[^{}]*)\}")
LABEL = re.compile(r"&([A-Za-z_]\w*)")
NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9,._+@#-]")
"""What no name of a node may hold: a vendor's tree may hold anything."""
FIRST = ("compatible", "device_type", "reg", "reg-names", "model", "label", "regulator-name")
LAST = ("remote-endpoint", "status")


class Certainty(StrEnum):
    """How sure a statement is."""

    SURE = "sure"
    """The vendor's tree says so, and mainline means the same."""
    LIKELY = "likely"
    """A rule or the boards of the same chip say so."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A property of the draft.

    Args:
        name: The property.
        value: Its text; empty for a flag. ``&{key}`` stands for the label of the node with that key.
        evidence: Where it comes from.
        certainty: How sure it is.
        subject: What it is about: ``touch``, ``storage`` …
    """

    name: str
    value: str
    evidence: str
    certainty: Certainty = Certainty.SURE
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the trees do not tell.

    Args:
        subject: What it is about.
        text: The question.
        evidence: What is known.
    """

    subject: str
    text: str
    evidence: str = ""


@dataclass(eq=False)
class Part:
    """A node of the draft.

    Args:
        name: Its name; of an extended node its label.
        key: What other parts refer to it by.
        label: Its label; given when somebody refers to it.
        wanted: The label that it gets then.
        statements: Property → statement.
        children: Name → node.
        comment: What stands above it.
        keep: Whether it is printed even if nothing is said in it.
        optional: Whether it is left out where nobody refers to it.
        parent: The part around it.
    """

    name: str
    key: str = ""
    label: str = ""
    wanted: str = ""
    statements: dict[str, Statement] = field(default_factory=dict)
    children: dict[str, Part] = field(default_factory=dict)
    comment: str = ""
    keep: bool = False
    optional: bool = False
    parent: Part | None = None

    def say(
        self,
        name: str,
        value: str = "",
        evidence: str = "",
        *,
        certainty: Certainty = Certainty.SURE,
        subject: str = "",
        replace: bool = False,
    ) -> None:
        """State a property, unless it was stated before.

        Args:
            name: The property.
            value: Its text.
            evidence: Where it comes from.
            certainty: How sure it is.
            subject: What it is about.
            replace: Whether it takes the place of what was stated before.
        """
        if replace or name not in self.statements:
            self.statements[name] = Statement(name, value, evidence, certainty, subject)

    def child(self, name: str, *, key: str = "", wanted: str = "") -> Part:
        """The child of that name, made where there is none.

        Args:
            name: Its name.
            key: What other parts refer to it by.
            wanted: The label that it gets where somebody refers to it.

        Returns:
            The child.
        """
        name = NOT_IN_NAMES.sub("-", name)
        part = self.children.get(name)
        if part is None:
            part = self.children[name] = Part(name, key, wanted=wanted, parent=self)
        return part

    @property
    def empty(self) -> bool:
        """Whether nothing would be printed of it."""
        return not self.keep and not self.statements and all(child.empty for child in self.children.values())

    def walk(self) -> Iterator[Part]:
        """It and all below.

        Yields:
            Parts.
        """
        yield self
        for child in self.children.values():
            yield from child.walk()


@dataclass
class BoardFile:
    """A board file.

    Args:
        includes: The chip's files.
        known: Gives the label of a chip's node with a key; empty for none.
        chip_labels: The labels of the chip's files.
        macros: Macro → header that has it.
        defines: Macros that the chip's files want.
        root: What stands in ``/ { };``.
        extended: Label → what is said about that node.
        deleted: Labels of nodes that are taken out, with the reason.
        questions: What the trees do not tell.
        keyed: Key → label, of what the chip's files have.
    """

    includes: tuple[str, ...]
    chip_labels: frozenset[str] = frozenset()
    macros: dict[str, str] = field(default_factory=dict)
    defines: dict[str, str] = field(default_factory=dict)
    root: Part = field(default_factory=lambda: Part("/"))
    extended: dict[str, Part] = field(default_factory=dict)
    deleted: dict[str, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    keyed: dict[str, str] = field(default_factory=dict)
    _by_key: dict[str, Part] = field(default_factory=dict)

    def extend(self, label: str) -> Part:
        """What is said about a node of the chip.

        Args:
            label: Its label.

        Returns:
            The part.
        """
        return self.extended.setdefault(label, Part(label, key=label))

    def ask(self, subject: str, text: str, evidence: str = "") -> None:
        """Keep a question.

        Args:
            subject: What it is about.
            text: The question.
            evidence: What is known.
        """
        question = Question(subject, text, evidence)
        if question not in self.questions:
            self.questions.append(question)

    @property
    def parts(self) -> Iterator[Part]:
        """All parts."""
        yield from self.root.walk()
        for part in self.extended.values():
            yield from part.walk()

    def settle(self) -> None:
        """Give labels to what is referred to; take out what refers to nothing, or is only there to be referred to."""
        while self._sweep():
            pass
        self._by_key = {part.key: part for part in self.parts if part.key}
        for part in self.parts:
            for statement in part.statements.values():
                for key in REFERENCE.findall(statement.value):
                    self._label(key)

    def _sweep(self) -> bool:
        """Take out statements that refer to nothing, and optional parts that nobody refers to; whether there were any."""
        keys = {part.key for part in self.parts if part.key and not part.empty} | self.keyed.keys() | self.chip_labels
        labels = {part.label for part in self.parts if part.label and not part.empty} | self.chip_labels
        gone = False
        for part in self.parts:
            for name, statement in list(part.statements.items()):
                value = statement.value
                if keys.issuperset(REFERENCE.findall(value)) and labels.issuperset(LABEL.findall(value)):
                    continue
                del part.statements[name]
                gone = True
        used = {
            key for part in self.parts for item in part.statements.values() for key in REFERENCE.findall(item.value)
        }
        for part in [*self.parts]:
            if part.optional and part.key not in used and not part.label and part.parent is not None:
                part.parent.children.pop(part.name, None)
                part.optional, gone = False, True
        return gone

    def _label(self, key: str) -> None:
        target = self._by_key.get(key)
        if target is not None and not target.label and key not in self.keyed and target.name not in self.chip_labels:
            target.label = self._free(target.wanted or re.sub(r"\W+", "_", target.name))

    def _free(self, wanted: str) -> str:
        taken = {part.label for part in self._by_key.values()} | self.chip_labels
        label = wanted if wanted[:1].isalpha() or wanted[:1] == "_" else f"n_{wanted}"
        number = 2
        while label in taken:
            label = f"{wanted}_{number}"
            number += 1
        return label

    def reference(self, key: str) -> str:
        """The text of a reference.

        Args:
            key: A key.

        Returns:
            ``&label``.
        """
        if key in self.keyed:
            return f"&{self.keyed[key]}"
        if key in self.chip_labels:
            return f"&{key}"
        part = self._by_key[key]
        return f"&{part.label or part.name}"

    def text_of(self, statement: Statement) -> str:
        """A statement's value with its references by label.

        Args:
            statement: The statement.

        Returns:
            Text.
        """
        return REFERENCE.sub(lambda match: self.reference(match[1]), statement.value)


def quoted(text: str) -> str:
    r"""A string of a source.

    Args:
        text: The text; what cannot be shown is left out.

    Returns:
        Text with quotes.

    Example:
        >>> quoted('a "b"')
        '"a \\"b\\""'
    """
    shown = "".join(letter for letter in text if letter.isprintable())
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def ordered(statements: dict[str, Statement]) -> list[Statement]:
    """Statements in the order in which maintainers write them.

    Args:
        statements: The statements.

    Returns:
        ``compatible`` and ``reg`` first, ``status`` last.
    """

    def rank(item: tuple[int, Statement]) -> tuple[int, int]:
        position, statement = item
        if statement.name in FIRST:
            return FIRST.index(statement.name) - 100, 0
        if statement.name in LAST:
            return 100 + LAST.index(statement.name), 0
        return 0, position

    return [statement for _, statement in sorted(enumerate(statements.values()), key=rank)]

r"""Board files as text: which statements a board makes about which label, before anything is compiled.

Compiling a board takes its chip's files along, every time. To learn what the boards of a chip have in common only
their own words are needed, with labels and macros as they were written.

Example:
    >>> text = read_text('''
    ... #include "sdm845.dtsi"
    ... / { vph: vph-pwr { regulator-always-on; }; };
    ... &uart9 { label = "a;b"; status = "okay"; };
    ... ''')
    >>> text.extended["uart9"].props, text.labels["vph"].name
    ({'label': '"a;b"', 'status': '"okay"'}, 'vph-pwr')
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["BoardText", "TextNode", "read_text"]

COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|//[^\n]*', re.DOTALL)
DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(include|define|undef|ifdef|ifndef|if|else|elif|endif)\b(?![,-])[ \t]*(.*)")
INCLUDE = re.compile(r'"([^"]+)"|<([^>]+)>')
DEFINE = re.compile(r"([A-Za-z_]\w*)[ \t]+(\S.*)")
STATEMENT = re.compile(
    r"""\s*(?:
        (?P<delete>/delete-node/|/delete-property/)\s*(?P<gone>[^;{}]+);
      | (?P<other>/(?:dts-v1|plugin|omit-if-no-ref|bits|memreserve|include)/)(?P<rest>[^;{}]*;?)
      | (?P<labels>(?:[A-Za-z_]\w*:\s*)*)(?P<name>&\{[^}]*\}|[^\s{};="]+)\s*(?P<mark>[{;=])
      | (?P<end>\}\s*;?)
    )""",
    re.VERBOSE,
)
VALUE = re.compile(r'((?:[^";{}]|&\{[^}]*\}|"(?:[^"\\]|\\.)*")*);', re.DOTALL)
SPACE = re.compile(r"\s+")


@dataclass(eq=False)
class TextNode:
    """A node as its source has it.

    Args:
        name: Its name; of an extended node ``&label``.
        parent: The node around it.
        labels: Its labels.
        props: Property → its value's text; empty for a flag.
        children: Its nodes.
    """

    name: str
    parent: TextNode | None = None
    labels: tuple[str, ...] = ()
    props: dict[str, str] = field(default_factory=dict)
    children: dict[str, TextNode] = field(default_factory=dict)

    @property
    def compatible(self) -> tuple[str, ...]:
        """The strings of ``compatible``."""
        return tuple(re.findall(r'"([^"]*)"', self.props.get("compatible", "")))

    @property
    def top(self) -> TextNode:
        """The outermost node: the root or an extended one."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def walk(self) -> Iterator[TextNode]:
        """It and all below.

        Yields:
            Nodes.
        """
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children.values()))


@dataclass
class BoardText:
    """What a board file says, with the board's own included files.

    Args:
        root: What stands in ``/ { };``.
        extended: Label → what stands in ``&label { };``, for labels of the chip's files.
        labels: The board's own labels.
        deleted: Labels of nodes that are taken out.
        chip_files: Included files that belong to the chip.
        headers: Headers of bindings that it includes.
        defines: Macros of the board.
    """

    root: TextNode = field(default_factory=lambda: TextNode("/"))
    extended: dict[str, TextNode] = field(default_factory=dict)
    labels: dict[str, TextNode] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    chip_files: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    defines: dict[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> Iterator[TextNode]:
        """All nodes, the root's first."""
        for top in (self.root, *self.extended.values()):
            yield from top.walk()

    def expand(self, value: str) -> str:
        """A value with the board's own macros replaced.

        Args:
            value: Text.

        Returns:
            Text.
        """
        for _ in range(4):
            found = re.sub(r"\b[A-Za-z_]\w*\b", lambda word: self.defines.get(word[0], word[0]), value)
            if found == value:
                break
            value = found
        return value


def read_text(text: str, opened: Callable[[str], str | None] | None = None) -> BoardText:
    """Read a board file.

    Args:
        text: The source.
        opened: Gives the text of an included file that is the board's own; None for one that belongs to the chip.

    Returns:
        What it says. What cannot be understood is passed over: this is for learning, not for compiling.
    """
    found = BoardText()
    plain = "\n".join(_lines(text, found, opened or (lambda _: None), 0))
    _statements(plain, found)
    return found


def _lines(text: str, found: BoardText, opened: Callable[[str], str | None], depth: int) -> Iterator[str]:
    """The text without comments and directives, included files in their places."""
    text = COMMENT.sub(lambda part: part[0] if part[0][0] == '"' else " ", text).replace("\\\n", " ")
    skipping: list[bool] = []
    for line in text.split("\n"):
        directive = DIRECTIVE.match(line) if "#" in line else None
        if directive is None:
            if not any(skipping):
                yield line
            continue
        word, rest = directive[1], directive[2].strip()
        if word in {"ifdef", "ifndef", "if"}:
            known = rest.split("(")[-1].rstrip(")").strip() in found.defines
            skipping.append(known == (word == "ifndef"))
        elif word in {"else", "elif"} and skipping:
            skipping[-1] = not skipping[-1]
        elif word == "endif" and skipping:
            skipping.pop()
        elif not any(skipping):
            yield from _directive(word, rest, found, opened, depth)


def _directive(
    word: str, rest: str, found: BoardText, opened: Callable[[str], str | None], depth: int
) -> Iterator[str]:
    if word == "define":
        macro = DEFINE.match(rest)
        if macro:
            found.defines[macro[1]] = macro[2].strip()
    elif word == "include" and (named := INCLUDE.match(rest)):
        if named[2]:
            found.headers.append(named[2])
            return
        content = opened(named[1]) if depth < 16 else None
        if content is None:
            found.chip_files.append(named[1])
        else:
            yield from _lines(content, found, opened, depth + 1)


def _statements(text: str, found: BoardText) -> None:
    stack: list[TextNode] = []
    at, size = 0, len(text)
    while at < size:
        match = STATEMENT.match(text, at)
        if match is None:
            at = _behind(text, at)
            continue
        at = match.end()
        if match["end"]:
            if stack:
                stack.pop()
        elif match["delete"]:
            _delete(match["delete"], match["gone"].strip(), found, stack)
        elif match["name"]:
            at = _named(match, text, at, found, stack)


def _behind(text: str, at: int) -> int:
    """Where to go on after something that is not understood."""
    nearest = [place for mark in ";{}" if (place := text.find(mark, at)) >= 0]
    return min(nearest) + 1 if nearest else len(text)


def _named(match: re.Match[str], text: str, at: int, found: BoardText, stack: list[TextNode]) -> int:
    name, mark = match["name"], match["mark"]
    if mark == "{":
        node = _opened(name, found, stack)
        labels = tuple(re.findall(r"\w+(?=:)", match["labels"]))
        node.labels = tuple(dict.fromkeys((*node.labels, *labels)))
        found.labels.update(dict.fromkeys(labels, node))
        stack.append(node)
        return at
    value = ""
    if mark == "=":
        rest = VALUE.match(text, at)
        if rest is None:
            return _behind(text, at)
        at, value = rest.end(), SPACE.sub(" ", rest[1]).strip()
    if stack:
        stack[-1].props[name] = value
    return at


def _opened(name: str, found: BoardText, stack: list[TextNode]) -> TextNode:
    if stack:
        parent = stack[-1]
        node = parent.children.get(name)
        if node is None:
            node = parent.children[name] = TextNode(name, parent)
        return node
    if name == "/":
        return found.root
    label = name.lstrip("&")
    own = found.labels.get(label)
    if own is not None:
        return own
    return found.extended.setdefault(label, TextNode(name))


def _delete(kind: str, what: str, found: BoardText, stack: list[TextNode]) -> None:
    if kind == "/delete-property/":
        if stack:
            stack[-1].props.pop(what, None)
    elif what.startswith("&"):
        found.deleted.append(what[1:])
    elif stack:
        stack[-1].children.pop(what, None)

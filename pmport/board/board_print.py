"""The text of a board file, as maintainers write one."""

from __future__ import annotations

import re

from pmport.board.board_file import BoardFile, Part, Statement, ordered

__all__ = ["printed"]

MACRO = re.compile(r"\b[A-Z][A-Z0-9]*_\w+\b")


def printed(board: BoardFile, *, explain: bool = False) -> str:
    """The text of a board file.

    Args:
        board: The file; :meth:`BoardFile.settle` was called.
        explain: Whether the evidence stands behind each statement.

    Returns:
        Source that compiles.
    """
    body = [f"/delete-node/ &{label};" for label in sorted(board.deleted)]
    body += [""] if body else []
    body += _node("/", board.root, board, 0, explain=explain)
    for label in sorted(board.extended):
        part = board.extended[label]
        if not part.empty:
            body += ["", *_node(f"&{label}", part, board, 0, explain=explain)]
    text = "\n".join(body)
    head = [
        "// SPDX-License-Identifier: GPL-2.0-only",
        "/*",
        " * Drafted by pmport from a vendor's device tree. Look at every line before you rely on it.",
    ]
    head += [
        f" * ? {question.subject}: {_comment(question.text)}{f' ({_comment(question.evidence)})' if question.evidence else ''}"
        for question in board.questions
    ]
    head += [" */", "", "/dts-v1/;", ""]
    used = {board.macros[word] for word in set(MACRO.findall(text)) if word in board.macros}
    head += [f"#include <{header}>" for header in sorted(used)]
    head += [f"#define {name} {value}" for name, value in board.defines.items()]
    head += [f'#include "{name}"' for name in board.includes]
    return "\n".join(line.rstrip() for line in [*head, "", text]) + "\n"


def _comment(text: str) -> str:
    """Text that cannot end a comment, or a line."""
    return "".join(letter if letter.isprintable() else "?" for letter in text).replace("*/", "*?/")


def _node(head: str, part: Part, board: BoardFile, depth: int, *, explain: bool) -> list[str]:
    tabs = "\t" * depth
    lines = [f"{tabs}/* {part.comment} */"] if part.comment else []
    lines.append(f"{tabs}{f'{part.label}: ' if part.label else ''}{head} {{")
    lines += [f"{tabs}\t{_statement(statement, board, explain=explain)}" for statement in ordered(part.statements)]
    first = not part.statements
    for name, child in part.children.items():
        if not child.empty:
            lines += [] if first else [""]
            lines += _node(name, child, board, depth + 1, explain=explain)
            first = False
    return [*lines, f"{tabs}}};"]


def _statement(statement: Statement, board: BoardFile, *, explain: bool) -> str:
    text = f"{statement.name} = {board.text_of(statement)};" if statement.value else f"{statement.name};"
    return f"{text} /* {_comment(statement.evidence)} */" if explain and statement.evidence else text

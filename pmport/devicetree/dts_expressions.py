"""Expressions in device tree source: C's operators over unsigned numbers of 64 bits, between parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.devicetree.dts_scan import Scanner

__all__ = ["number", "text_of"]

NUMBER = re.compile(r"(0[xX][0-9A-Fa-f]+|\d+)(?:ULL|UL|LL|U|L)?(?!\w)")
CHARACTER = re.compile(r"'((?:[^'\\]|\\.[0-9A-Fa-f]{0,2})+)'")
ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9A-Fa-f]{1,2}|.)", re.DOTALL)
CONTROLS: Mapping[str, int] = MappingProxyType({"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13})
WORD = 1 << 64
MASK = WORD - 1
DEEPEST = 64
"""So many parentheses may stand in one another."""
OPERATOR = re.compile(r"\|\||&&|==|!=|<=|>=|<<|>>|[|^&<>+\-*/%]")
LEVELS: Mapping[str, int] = MappingProxyType(
    {
        "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7, "<<": 8, ">>": 8,
        "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
    }
)  # fmt: skip
"""How strongly an operator binds, as in C."""
OPERATIONS: Mapping[str, Callable[[int, int], int]] = MappingProxyType(
    {
        "||": lambda a, b: int(bool(a or b)),
        "&&": lambda a, b: int(bool(a and b)),
        "|": lambda a, b: a | b,
        "^": lambda a, b: a ^ b,
        "&": lambda a, b: a & b,
        "==": lambda a, b: int(a == b),
        "!=": lambda a, b: int(a != b),
        "<": lambda a, b: int(a < b),
        ">": lambda a, b: int(a > b),
        "<=": lambda a, b: int(a <= b),
        ">=": lambda a, b: int(a >= b),
        "<<": lambda a, b: a << b & MASK if b < 64 else 0,
        ">>": lambda a, b: a >> b if b < 64 else 0,
        "+": lambda a, b: a + b & MASK,
        "-": lambda a, b: a - b & MASK,
        "*": lambda a, b: a * b & MASK,
    }
)


def number(scanner: Scanner) -> int | None:
    """Read a number, a character, or an expression in parentheses.

    Args:
        scanner: Where it is.

    Returns:
        Its value, 64 bits, unsigned; None, and nothing is read, where something else comes.

    Raises:
        FormatError: If an expression is not finished, divides by zero, or names something that is no number.
    """
    literal = scanner.take(NUMBER)
    if literal:
        digits = literal[1]
        octal = len(digits) > 1 and digits[0] == "0" and digits[1] not in "xX"
        if octal and set(digits) & set("89"):
            scanner.fail(f"{digits} is no octal number", back=len(literal[0]))
        value = int(digits, 8 if octal else 0)
        if value > MASK:
            scanner.fail(f"{digits} does not fit into 64 bits", back=len(literal[0]))
        return value
    character = scanner.take(CHARACTER)
    if character:
        value_bytes = text_of(character[1], scanner)
        if len(value_bytes) != 1:
            scanner.fail(f"{character[0]} is not one character", back=len(character[0]))
        return value_bytes[0]
    if scanner.accept("("):
        value = _expression(scanner, 0, 1)
        scanner.expect(")", "behind the expression")
        return value
    return None


def _expression(scanner: Scanner, level: int, depth: int) -> int:
    """Operators that bind more strongly than the level; then, at the outermost, ``? :``."""
    if depth > DEEPEST:
        scanner.fail(f"more than {DEEPEST} parentheses stand in one another")
    left = _operand(scanner, depth)
    while True:
        found = scanner.take(OPERATOR)
        if found is None:
            break
        if LEVELS[found[0]] <= level:
            scanner.back(len(found[0]))
            break
        right = _expression(scanner, LEVELS[found[0]], depth + 1)
        left = _applied(scanner, found[0], left, right)
    if level == 0 and scanner.accept("?"):
        yes = _expression(scanner, 0, depth + 1)
        scanner.expect(":", "in the choice")
        no = _expression(scanner, 0, depth + 1)
        return yes if left else no
    return left


def _applied(scanner: Scanner, operator: str, left: int, right: int) -> int:
    if operator in "/%":
        if not right:
            scanner.fail("it divides by zero")
        return left // right if operator == "/" else left % right
    return OPERATIONS[operator](left, right)


def _operand(scanner: Scanner, depth: int) -> int:
    if depth > DEEPEST:
        scanner.fail(f"more than {DEEPEST} parentheses stand in one another")
    for sign, operation in (("-", lambda x: -x & MASK), ("~", lambda x: ~x & MASK), ("!", lambda x: int(not x))):
        if scanner.accept(sign):
            return operation(_operand(scanner, depth + 1))
    if scanner.accept("("):
        value = _expression(scanner, 0, depth + 1)
        scanner.expect(")", "behind the expression")
        return value
    found = number(scanner)
    if found is None:
        scanner.fail(
            "a number is missing", remedy="a name is a macro: give the folders of the headers that define it (-I)"
        )
    return found


def text_of(literal: str, scanner: Scanner) -> bytes:
    r"""The bytes of what stands between quotes.

    Args:
        literal: The text, with its escapes.
        scanner: Where it was read, for the error.

    Returns:
        The bytes, UTF-8 where they are not escaped.

    Raises:
        FormatError: If an escape has no digits.

    Example:
        >>> from pmport.devicetree.dts_scan import Scanner
        >>> text_of(r"a\tb\x41\101", Scanner("", "source", None))
        b'a\tbAA'
    """
    out, at = bytearray(), 0
    for match in ESCAPE.finditer(literal):
        out += literal[at : match.start()].encode("utf-8", "surrogateescape")
        code = match[1]
        if code[0] in "01234567":
            out.append(int(code, 8) & 0xFF)
        elif code[0] == "x" and len(code) > 1:
            out.append(int(code[1:], 16))
        elif code == "x":
            scanner.fail("hexadecimal digits are missing behind \\x", back=len(literal))
        else:
            out += bytes([CONTROLS[code]]) if code in CONTROLS else code.encode("utf-8", "surrogateescape")
        at = match.end()
    return bytes(out + literal[at:].encode("utf-8", "surrogateescape"))

"""Pages that are made from the code, so that they cannot be wrong: formats, devices, rules, errors, commands, API."""

from __future__ import annotations

import importlib
import inspect
import io
import re
import types
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console

import pmport
import pmport.demo
from pmport.cli import COMMANDS
from pmport.cli import pmport as command
from pmport.formats import FORMATS
from pmport.formats.registry import SAMPLES

__all__ = ["formats_page", "write_tables"]

EXIT_CODES = """## Exit codes

| code | when |
|---|---|
| 0 | It is done, whatever there is to say about it; a check found nothing. |
| 1 | A check found an error or a warning, or could not judge: `bootcheck`, `deviceinfo lint`, `db validate`, `dt check`, `kernel check`, `kernel needs`, `pit check`, `doctor`, `flash --verify`, `log explain`. A search found nothing: `db search`, `db identify`, `dt pick`. `pit diff`: they differ. |
| 2 | The command line is wrong: an option, a name that nothing has (a codename, a category, a node), or a file to write where another would be lost. Nothing was done. |
| 3 | A file, a record or a setting is wrong. `inspect` still shows what the header of a file says that was cut short. |
| 4 | The phone or the cable failed. The message says what is on the phone now. |
| 130, 143 | Stopped by Ctrl-C or SIGTERM. |
"""


def write_tables(folder: Path) -> None:
    """Write all generated pages.

    Args:
        folder: The documentation's folder.
    """
    pages = {
        "formats.md": formats_page(),
        "commands.md": commands_page("# Commands"),
        "devices.md": devices_page(),
        "rules.md": rules_page(),
        "errors.md": errors_page(),
        "phones.md": phones_page(),
        "facts.md": facts_page(),
        "_made/inspect.svg": picture(),
        "_made/notebook.html": notebook(),
        **{f"api/{name}.md": text for name, text in api_pages()},
    }
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table.

    Args:
        head: The headings.
        rows: The cells.

    Returns:
        The lines.
    """
    head = list(head)
    cells = [" | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in row) for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|" + "---|" * len(head), *(f"| {row} |" for row in cells)])


def formats_page() -> str:
    """Every format of the registry.

    Returns:
        The page.
    """
    rows = [
        (row.kind, row.reads, row.writes, SAMPLES.get(row.kind, 0), row.source or "", row.limits or "")
        for row in FORMATS
    ]
    return f"""# Formats

`pmport.open()` finds the format of a file by its content. This table is the registry itself
(`pmport/formats/registry.py`); *real samples* counts files of real phones in the
corpus that the tests use. Formats without one are judged by an independent tool's files (`mkimage`, `sgdisk`, `0xFFFF` …); where
there is neither, the last column says *unverified*. *identical*: what was read is written back byte for byte.

{table(("format", "read", "write", "real samples", "layout from", "limits"), rows)}
"""


def devices_page() -> str:
    """Every record of the database.

    Returns:
        The page.
    """
    rows = [
        (f"`{row.codename}`", row.name, row.year or "", row.soc, row.arch, row.flash.method, row.category)
        for row in sorted(pmport.device_db.records(), key=lambda row: row.codename)
    ]
    return f"""# Devices

{len(rows)} records, as `device_db/` holds them. `pmport db show CODENAME` prints one whole, `pmport db search` narrows down.
Where scripts run, a field above the table filters it: `oneplus sdm845` leaves the rows that have both words.

{table(("codename", "name", "year", "SoC", "architecture", "flash method", "category"), rows)}
"""


def facts_page() -> str:
    """Every field of the facts, and what each is read from.

    Returns:
        The page.
    """
    fields = [(f"`{name}`", meaning) for name, meaning in pmport.facts.FIELDS.items()]
    readers = []
    for value, reader in pmport.facts.READERS.items():
        kind, read = pmport.lazy.named(value), pmport.lazy.named(reader)
        doc = (inspect.getdoc(read) or "").split("\n\n")[0]
        readers.append((f"`{kind.__name__}`", getattr(kind, "KIND", ""), f"`{reader.replace(':', '.')}`", doc))
    return f"""# Facts

What is known about a device is a set of facts. Each has a field, a value, who said it, and where.

## Fields

`pmport.facts.FIELDS`, {len(fields)} of them:

{table(("field", "meaning"), fields)}

## Readers

`pmport.facts.READERS`: which values tell facts. A subclass uses its base's row, and a container without a row tells what is
inside.

{table(("type", "what it is", "read by", "what it tells"), readers)}
"""


def picture() -> str:
    """What a terminal shows of a stock image, without a font from elsewhere.

    Returns:
        SVG.
    """
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    with pmport.open(bytes(pmport.demo.stock_image())) as image:
        console.print(image.view())
    svg = console.export_svg(title="pmport inspect boot.img", unique_id="pmport")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def notebook() -> str:
    """What a notebook shows of the same image.

    Returns:
        HTML.
    """
    with pmport.open(bytes(pmport.demo.stock_image())) as image:
        return f'<div class="notebook">{image._repr_html_()}</div>'


def rules_page() -> str:
    """Every kernel rule, with its reason.

    Returns:
        The page.
    """
    from pmport.kernels.rules import load_rules, reasons  # noqa: PLC0415 - reads data

    rules = load_rules()
    known = reasons()
    by_category: dict[str, list[tuple[object, ...]]] = {}
    for rule in rules.rules:
        wanted = ", ".join(rule.wanted) if isinstance(rule.wanted, tuple) else rule.wanted
        because = known.get(rule.option) or known.get(f"category:{rule.category}", "")
        versions = [text for text in rule.versions if text != ">=0.0.0"]
        where = ", ".join([*versions, *(rule.arches or ())]) or "all"
        by_category.setdefault(rule.category, []).append((f"`{rule.option}`", wanted, where, because))
    blocks = [
        f"## {category}\n\n{table(('option', 'wanted', 'kernels', 'because'), rows)}"
        for category, rows in by_category.items()
    ]
    return "\n\n".join(
        [
            "# Kernel rules",
            f"{len(rules.rules)} rules, as `kernels/postmarketos.toml` holds them. `pmport kernel check` judges by them.",
            "*True* is on, as `y` or `m`; `y` and `m` are on, this letter preferred; *False* and `n` are off.",
            *blocks,
            "",
        ]
    )


def errors_page() -> str:
    """Every error class.

    Returns:
        The page.
    """
    rows = []
    for name in sorted(pmport.errors.__all__):
        value = getattr(pmport.errors, name)
        bases = ", ".join(f"`{base.__name__}`" for base in value.__bases__)
        rows.append((f"`{name}`", bases, (inspect.getdoc(value) or "").splitlines()[0]))
    tree = (inspect.getdoc(pmport.errors) or "").split("::", 1)[1].split("\n\n")[1]
    return f"""# Errors

Every error that pmport raises on purpose, in `pmport.errors`. Its message says what happened, what state things are in now,
and what to do next; the same stands in its attributes `what`, `state` and `remedy`.

```text
{inspect.cleandoc(tree)}
```

{table(("class", "is also", "when"), rows)}
"""


def phones_page() -> str:
    """Every virtual phone.

    Returns:
        The page.
    """
    rows = [(f"`{name}`", phone.words, f"`{phone.programs}`") for name, phone in pmport.virtual.PHONES.items()]
    return f"""# Virtual phones

Names for `--virtual` and `pmport virtual run --phone`; in Python, `pmport.virtual.PHONES[name].make()`.

{table(("name", "what it is", "spoken to by"), rows)}
"""


def commands_page(title: str) -> str:
    """Every command with its help.

    Args:
        title: The heading.

    Returns:
        The page.
    """
    context = click.Context(command, info_name="pmport")
    blocks = [title, "", "```text", command.get_help(context), "```", "", EXIT_CODES, ""]
    for name in COMMANDS:
        found = command.get_command(context, name)
        if found is not None:
            blocks += [
                block for line in _helps(found, click.Context(found, info_name=name, parent=context)) for block in line
            ]
    return "\n".join(blocks)


def _helps(found: click.Command, context: click.Context) -> Iterator[list[str]]:
    yield [f"## {context.command_path}", "", "```text", found.get_help(context), "```", ""]
    if isinstance(found, click.Group):
        for name in found.list_commands(context):
            inner = found.get_command(context, name)
            if inner is not None:
                yield from _helps(inner, click.Context(inner, info_name=name, parent=context))


def api_pages() -> Iterator[tuple[str, str]]:
    """One page per room, from the docstrings of what it names.

    Yields:
        ``(page, text)``.
    """
    rooms = [name for name in pmport.__all__ if isinstance(getattr(pmport, name), types.ModuleType)]
    listing = "\n".join(rooms)
    modules = [getattr(pmport, room) for room in rooms]
    elsewhere = {id(getattr(module, name)) for module in modules for name in module.__all__}
    shared = [
        name
        for name in pmport.__all__
        if name not in {*rooms, "__version__"} and id(getattr(pmport, name)) not in elsewhere
    ]
    own = [line for name in shared for line in _directive(pmport, name)]
    yield (
        "index",
        f"# API\n\n{inspect.getdoc(pmport)}\n\n```{{eval-rst}}\n{_lines(own)}\n```\n\n```{{toctree}}\n{listing}\n```\n",
    )
    for room in rooms:
        module = importlib.import_module(f"pmport.{room}")
        lines = [f".. automodule:: pmport.{room}", "   :no-members:", ""]
        for name in module.__all__:
            lines += _directive(module, name)
        yield room, f"# pmport.{room}\n\n```{{eval-rst}}\n{_lines(lines)}\n```\n"


def _directive(module: types.ModuleType, name: str) -> list[str]:
    """What makes Sphinx document a name."""
    value = getattr(module, name)
    public = f"{module.__name__}.{name}"
    if inspect.isclass(value):
        return [f".. autoclass:: {public}", ""]
    if inspect.isroutine(value):
        return [f".. autofunction:: {public}", ""]
    if isinstance(value, types.ModuleType):
        return []
    homes = getattr(module, "_PUBLIC", {})
    home = next((home for home, names in homes.items() if name in names.split()), module.__name__)
    return [f".. autodata:: {home}.{name}", "   :no-value:", ""]


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(lines)

"""What shells complete beside commands and options: codenames, phones, categories, roles. Called only on the Tab key."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    import click

__all__ = ["categories", "codenames", "devices", "phones", "roles"]


def codenames(context: click.Context, option: click.Parameter, incomplete: str) -> list[str]:
    """Codenames of the shipped records that begin so."""
    del context, option
    from pmport.device_db import codenames  # noqa: PLC0415 - only to complete

    return [name for name in codenames() if name.startswith(incomplete)]


def phones(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Virtual phones, with what each is."""
    del context, option
    from pmport.virtual import PHONES  # noqa: PLC0415 - only to complete

    return [CompletionItem(name, help=phone.words) for name, phone in PHONES.items() if name.startswith(incomplete)]


def devices(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Phones on the cable, by place; a bus that cannot be looked at has none."""
    del context, option
    from pmport.errors import PmportError  # noqa: PLC0415 - only to complete
    from pmport.transport import usb_devices  # noqa: PLC0415

    try:
        found = usb_devices(serials=False)
    except (PmportError, OSError):
        return []
    return [
        CompletionItem(device.path, help=device.mode.name if device.mode else "")
        for device in found
        if device.path.startswith(incomplete)
    ]


def categories(context: click.Context, option: click.Parameter, incomplete: str) -> list[str]:
    """Categories of the shipped kernel rules, and their aliases."""
    del context, option
    from pmport.kernels.rules import load_rules  # noqa: PLC0415 - only to complete

    rules = load_rules()
    return sorted(
        name for name in {*rules.aliases, *(rule.category for rule in rules.rules)} if name.startswith(incomplete)
    )


def roles(context: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Roles of images, and names of partitions that the record given before names; the file is behind the equals sign."""
    del option
    from pmport.generate.plans.images import ROLES  # noqa: PLC0415 - only to complete

    names = set(ROLES)
    if codename := context.params.get("codename"):
        from pmport import device_db  # noqa: PLC0415 - only with a record
        from pmport.errors import PmportError  # noqa: PLC0415

        with suppress(PmportError):
            names |= {name for row in device_db.load(codename).flash.partitions.values() for name in row.values()}
    return [CompletionItem(f"{name}=") for name in sorted(names) if name.startswith(incomplete)]

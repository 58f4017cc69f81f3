"""``pmport fastboot``: what bootloaders that speak fastboot can do besides flashing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pmport.cli.phone import phone_options
from pmport.cli.progress import shown
from pmport.cli.suggesting import SuggestingGroup
from pmport.cli.writing import writes
from pmport.render import size_text

if TYPE_CHECKING:
    from pmport.plan import Step

__all__ = ["fastboot"]

ALLOW = click.option(
    "--allow", multiple=True, metavar="DANGER", help="Accept a danger, by the word that a refusal names."
)


@click.group(cls=SuggestingGroup)
def fastboot() -> None:
    """The bootloader's own commands: oem, flashing, slots, staged data, logical partitions."""


def _run(connect: Callable[..., Any], steps: tuple[Step, ...], allow: tuple[str, ...] = ()) -> int:
    from pmport.plan import FlashPlan  # noqa: PLC0415 - only when a phone is spoken to

    plan = FlashPlan("fastboot", steps, allow=allow)
    with shown() as on_event, connect(on_event) as flasher:
        flasher.run(plan, on_event)
    return 0


def _command(connect: Callable[..., Any], text: str, allow: tuple[str, ...] = ()) -> int:
    from pmport.plan import Step, Verb  # noqa: PLC0415 - as above

    return _run(connect, (Step(Verb.COMMAND, argument=text),), allow)


@fastboot.command(epilog="Example: pmport fastboot oem device-info")
@click.argument("words", nargs=-1, required=True)
@ALLOW
@phone_options
def oem(connect: Callable[..., Any], words: tuple[str, ...], allow: tuple[str, ...]) -> int:
    """Send a maker's command; what it answers is printed."""
    return _command(connect, " ".join(("oem", *words)), allow)


@fastboot.command(epilog="Example: pmport fastboot flashing get_unlock_ability")
@click.argument("word", type=click.Choice(["lock", "unlock", "lock_critical", "unlock_critical", "get_unlock_ability"]))
@ALLOW
@phone_options
def flashing(connect: Callable[..., Any], word: str, allow: tuple[str, ...]) -> int:
    """Lock or unlock the bootloader; most phones ask on their screen, and erase the user's data."""
    return _command(connect, f"flashing {word}", allow)


@fastboot.command("set-active", epilog="Example: pmport fastboot set-active other")
@click.argument("slot")
@phone_options
def set_active(connect: Callable[..., Any], slot: str) -> int:
    """Start from SLOT next time: a, b, or other."""
    from pmport.plan import Step, Verb  # noqa: PLC0415 - as above

    return _run(connect, (Step(Verb.SET_ACTIVE, argument=slot),))


@fastboot.command(epilog="Example: pmport fastboot stage vendor_boot.img")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@phone_options
def stage(connect: Callable[..., Any], file: str) -> int:
    """Send FILE, for a command that follows."""
    from pmport.generate.plans.images import planned_file  # noqa: PLC0415 - as above
    from pmport.plan import Step, Verb  # noqa: PLC0415

    return _run(connect, (Step(Verb.STAGE, image=planned_file("file", file)),))


@fastboot.command("get-staged", epilog="Example: pmport fastboot get-staged -o log.txt")
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
@phone_options
@writes("output")
def get_staged(connect: Callable[..., Any], output: Path) -> int:
    """Receive what a command has staged, such as `pmport fastboot oem log` of lk2nd."""
    from pmport.unpacking import replacing  # noqa: PLC0415 - as above

    with shown() as on_event, connect(on_event) as flasher, replacing(output) as target:
        flasher.client.on_event = on_event
        size = flasher.client.upload(target)
    click.echo(f"{output}: {size} bytes ({size_text(size)})")
    return 0


@fastboot.command("create-logical", epilog="Example: pmport fastboot create-logical system_b 1073741824")
@click.argument("partition")
@click.argument("size", type=click.IntRange(min=0))
@phone_options
def create_logical(connect: Callable[..., Any], partition: str, size: int) -> int:
    """Make PARTITION in super, of SIZE bytes; in fastbootd."""
    return _command(connect, f"create-logical-partition:{partition}:{size}")


@fastboot.command("resize-logical", epilog="Example: pmport fastboot resize-logical product_b 0")
@click.argument("partition")
@click.argument("size", type=click.IntRange(min=0))
@phone_options
def resize_logical(connect: Callable[..., Any], partition: str, size: int) -> int:
    """Give PARTITION another SIZE in bytes; in fastbootd."""
    return _command(connect, f"resize-logical-partition:{partition}:{size}")


@fastboot.command("delete-logical", epilog="Example: pmport fastboot delete-logical system_b --allow erase")
@click.argument("partition")
@ALLOW
@phone_options
def delete_logical(connect: Callable[..., Any], partition: str, allow: tuple[str, ...]) -> int:
    """Take PARTITION out of super; in fastbootd."""
    return _command(connect, f"delete-logical-partition:{partition}", allow)

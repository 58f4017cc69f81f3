"""How far a plan is, so that every error says what is on the phone now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pmport.errors import FlashError, FormatError, PlanError, RefusedError, TransportError
from pmport.interruption import Stopped
from pmport.plan import Step, Verb

__all__ = ["Progress"]

AGAIN = "plug the phone in again, enter fastboot, and run the plan again"


@dataclass
class Progress:
    """What was done, and what is being done.

    Args:
        done: Titles of the steps that changed the phone.
        pieces: Pieces of the current image that are written.
        writing: Whether the phone was told to write what was downloaded last, and has not answered.
        hint: What to try when it stops answering.
    """

    done: list[str] = field(default_factory=list)
    pieces: int = 0
    writing: bool = False
    hint: str = ""

    def state(self, step: Step | None) -> str:
        """What is on the phone now, if the step fails here.

        Args:
            step: The step; None: none has begun.

        Returns:
            One sentence or two.
        """
        now = "" if step is None else self._now(step)
        before = f"Done before it: {', '.join(self.done)}" if self.done else "" if now else "Nothing was written"
        return ". ".join(part for part in (now, before) if part)

    def _now(self, step: Step) -> str:
        name = step.partition
        if step.verb is Verb.FLASH:
            if self.writing:
                return f"{name} may be written in part, or not at all: flash it again before you start the phone"
            if self.pieces:
                return (
                    f"{name} is written in part, {self.pieces} pieces of it: flash it again before you start the phone"
                )
            return f"{name} is as it was: the phone writes when a download is complete"
        if step.verb is Verb.ERASE:
            return f"{name} may be erased, whole or in part" if self.writing else f"{name} is as it was"
        if step.verb in {Verb.COMMAND, Verb.SET_ACTIVE} and self.writing:
            return "The phone may have done it, or not"
        return "" if self.done else "Nothing was written"

    @contextmanager
    def told(self, title: str, step: Step | None = None) -> Iterator[None]:
        """Errors inside name the partition, the bytes sent, what is on the phone now, and what to do.

        Args:
            title: What is being done.
            step: The step, if one has begun.

        Yields:
            Nothing.

        Raises:
            FlashError: For all that went wrong with the phone, the cable or the file.
            PlanError: If nothing was written yet, and the plan does not fit.
        """
        partition = step.partition if step else ""
        try:
            yield
        except Stopped as stop:
            stop.state = ". ".join(part for part in (stop.state, self.state(step)) if part)
            raise
        except RefusedError:
            raise
        except FlashError as error:
            error.partition = error.partition or partition
            error.state = (
                self.state(step) if self.writing or self.pieces or self.done else error.state or self.state(step)
            )
            error.remedy = error.remedy or self.hint or AGAIN
            raise
        except TransportError as error:
            when = " while the phone wrote" if self.writing else f" after {error.bytes_sent} bytes" if step else ""
            raise FlashError(
                f"{title}: {error.what}{when}", partition=partition, bytes_sent=error.bytes_sent, state=self.state(step),
                remedy=error.remedy or self.hint or AGAIN,
            ) from error  # fmt: skip
        except (PlanError, FormatError, OSError) as error:
            if isinstance(error, PlanError) and not (self.writing or self.pieces or self.done):
                error.state = error.state or self.state(step)
                raise
            what = error.what if isinstance(error, PlanError) else str(error)
            raise FlashError(f"{title}: {what}", partition=partition, state=self.state(step), remedy=AGAIN) from error

    def finished(self, step: Step) -> None:
        """Note that a step is done.

        Args:
            step: The step.
        """
        self.pieces, self.writing = 0, False
        if step.verb not in {Verb.REBOOT, Verb.STAGE, Verb.BOOT}:
            self.done.append(step.title)

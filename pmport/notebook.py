"""What notebooks draw while something long runs: a bar for each step, with nothing installed but IPython.

Give it as ``on_event`` to whatever takes one::

    from pmport.notebook import Progress

    with pmport.flashers.open("fastboot") as flasher:
        flasher.run(plan, Progress())

Example:
    >>> from pmport.events import BytesMoved, StepFinished
    >>> shown = []
    >>> progress = Progress(shown.append)
    >>> progress(BytesMoved("flash boot", done=512, total=1024))
    >>> progress(StepFinished("flash boot", 0.25))
    >>> "flash boot" in shown[-1], "0.25 s" in shown[-1]
    (True, True)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from importlib import import_module
from time import monotonic
from typing import Any

from pmport.errors import MissingDependencyError
from pmport.events import BytesMoved, DeviceText, Event, StepFinished, StepStarted, Waiting
from pmport.redaction import redact
from pmport.render import size_text

__all__ = ["PLOT_STYLE", "Progress"]

_INK = "#767e87"
"""Grey that is read on white (4.1 to 1) and on the ground of dark themes (4.6 to 1)."""
PLOT_STYLE = {
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none", "legend.facecolor": "none",
    "text.color": _INK, "axes.labelcolor": _INK, "axes.titlecolor": _INK, "axes.edgecolor": _INK,
    "xtick.color": _INK, "ytick.color": _INK, "legend.labelcolor": _INK,
}  # fmt: skip
"""For matplotlib's ``rcParams``: pictures without a ground of their own, for light notebooks and dark ones."""

INTERVAL = 0.1
"""Seconds between two drawings of one step; what ends a step is drawn at once."""


@dataclass
class _Step:
    title: str
    done: int = 0
    total: int = 0
    seconds: float | None = None
    said: str = ""

    def html(self) -> str:
        """One row."""
        if self.seconds is not None:
            state = f"{self.seconds:.2f} s"
        elif self.total:
            state = f"{size_text(self.done)} of {size_text(self.total)}"
        else:
            state = ""
        full = 1.0 if self.seconds is not None else self.done / self.total if self.total else 0.0
        bar = f"<progress max='1' value='{full:.4f}' style='width:16em'></progress>"
        cells = (escape(self.title), bar, escape(state), escape(self.said))
        return "<tr>" + "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells) + "</tr>"


class Progress:
    """Draws events as they come: a row for each step. Neither ipywidgets nor a script is needed.

    Args:
        show: Gets the whole drawing as HTML each time; None: the notebook's own output, updated in place.

    Raises:
        MissingDependencyError: If ``show`` is None and IPython is not installed.
    """

    def __init__(self, show: Callable[[str], object] | None = None) -> None:
        self._show = show or _in_notebook()
        self._steps: dict[str, _Step] = {}
        self._drawn = 0.0

    def __call__(self, event: Event) -> None:
        """Take one event.

        Args:
            event: What happened.
        """
        step = self._steps.setdefault(event.step, _Step(event.step))
        if isinstance(event, StepStarted):
            self._steps[event.step] = _Step(event.step)
        elif isinstance(event, BytesMoved):
            step.done, step.total = event.done, event.total
        elif isinstance(event, StepFinished):
            step.seconds = event.seconds
        elif isinstance(event, DeviceText):
            step.said = redact(event.text)
        elif isinstance(event, Waiting):
            step.said = f"waiting for {event.reason}"
        now = monotonic()
        if not isinstance(event, BytesMoved) or event.done >= event.total or now - self._drawn >= INTERVAL:
            self._drawn = now
            self._show(self._repr_html_())

    def _repr_html_(self) -> str:
        return "<table>" + "".join(step.html() for step in self._steps.values()) + "</table>"


def _in_notebook() -> Callable[[str], object]:
    try:
        module: Any = import_module("IPython.display")  # only notebooks have it
    except ImportError as error:
        raise MissingDependencyError(
            "Drawing in a notebook needs IPython", install="pip install 'pmport[notebook]'"
        ) from error
    handle = module.display(module.HTML(""), display_id=True)
    return lambda html: handle.update(module.HTML(html))

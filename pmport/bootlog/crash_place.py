"""Where a crash happened: read from the lines that the kernel writes behind its first words.

Source: arch/arm64/kernel/process.c (``__show_regs``), arch/arm/kernel/process.c, lib/dump_stack.c, kernel/panic.c.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pmport.bootlog.lines import LogLine

__all__ = ["Place", "place"]

REACH = 80
"""Lines behind the first words that belong to a crash."""
COUNTER = re.compile(
    r"(?:^pc : (?:\[<[0-9a-f]+>\] )?|^PC is at |^(?:RIP|epc)\s?: (?:0010:)?)(?P<function>[A-Za-z_][\w.]*)\+0x"
)
FRAME = re.compile(
    r"^\s*(?:\[<[0-9a-f]+>\] )?(?:\(<?[0-9a-f]*>?\) )?\(?(?P<function>[A-Za-z_][\w.]*)\)?(?:\+0x[0-9a-f]+/0x[0-9a-f]+)?(?: |$|\))"
)
MODULE = re.compile(r"\[(?P<module>\w+)\]\s*(?:\([A-Z]\))?$")
TASK = re.compile(
    r"^CPU: \d+ (?:UID: \d+ )?PID: (?P<pid>\d+) Comm: (?P<task>.{1,20}?)(?: FTT: \d+ \d+)? (?:Not tainted|Tainted)"
)
TRACE = re.compile(r"^(?:Call [Tt]race:|Backtrace:)|\(unwind_backtrace\)|unwind_backtrace from")
OF_THE_KERNEL = re.compile(
    r"(?:dump_backtrace|show_stack|dump_stack\w*|unwind_backtrace|v?panic|nmi_panic|die|__die\w*|arm64_notify_die|bad_mode"
    r"|arm64_\w*serror\w*|arm64_is_fatal_ras_serror|do_serror|el[01]\w*|el1h?_\w+|ret_from_\w+|__do_kernel_fault|die_kernel_fault"
    r"|do_\w*_?fault|do_mem_abort|do_translation_fault|do_page_fault|do_sea|do_bad_area|__warn\w*|warn_slowpath\w*|report_bug"
    r"|add_taint|abort|dump_header|exc_\w+|asm_exc_\w+|__dabt_svc|__und_svc|kernel_init\w*|oops_end|crash_\w+|entry_SYSCALL\w*)"
)
"""Functions that stand in every trace, whatever the trouble is."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the kernel.

    Args:
        function: What ran.
        module: The module that it is in; "" for the kernel itself, or where it is not told.
        task: The task that ran it.
    """

    function: str
    module: str = ""
    task: str = ""

    def __str__(self) -> str:
        where = f"{self.function}()" if self.function else ""
        if self.module:
            where += f" of the module {self.module}"
        return f"{where} in {self.task}" if where and self.task else where or self.task


def place(lines: Sequence[LogLine], first: int) -> Place | None:
    """Find the place of a crash.

    Args:
        lines: The log.
        first: Index of the line with its first words.

    Returns:
        The program counter's function, else the first of the call trace that is not part of reporting it; None where none is told.
    """
    function = module = task = ""
    in_trace = False
    for line in lines[first : first + REACH]:
        text = line.text
        counter = COUNTER.search(text)
        if counter:
            function = counter["function"]
            module = _module(text)
        found = TASK.match(text)
        if found:
            task = task or found["task"]
        in_trace = in_trace or TRACE.search(text) is not None
        if in_trace and not function:
            frame = FRAME.match(text)
            if frame and ("+0x" in text or " from " in text) and not OF_THE_KERNEL.fullmatch(frame["function"]):
                function, module = frame["function"], _module(text)
    return Place(function, module, task) if function or task else None


def _module(text: str) -> str:
    match = MODULE.search(text)
    return match["module"] if match else ""

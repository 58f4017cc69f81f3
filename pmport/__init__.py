"""pmport: everything a porter of mainline Linux needs for a phone.

Bytes become objects, objects tell facts, facts find or make a device record, a record generates text and a plan, a
flasher carries the plan over a transport to a phone, real or virtual::

    import pmport

    with pmport.open("boot.img") as image:          # by content: the format's own type
        facts = pmport.facts.of(image)              # what it tells, each fact with its source
    device = pmport.device_db.draft(facts, codename="nokia-argon", ...)
    package = pmport.generate.device_package(device)

Everything named here is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily
from pmport.moved_modules import install as _install

__version__ = "0.1.0"

if TYPE_CHECKING:
    from pmport import (
        board as board,
        bootcheck as bootcheck,
        bootlog as bootlog,
        device_db as device_db,
        devicetree as devicetree,
        errors as errors,
        events as events,
        facts as facts,
        flashers as flashers,
        formats as formats,
        generate as generate,
        initramfs as initramfs,
        kernels as kernels,
        notebook as notebook,
        plan as plan,
        redaction as redaction,
        reporting as reporting,
        surveying as surveying,
        transport as transport,
        unpacking as unpacking,
        virtual as virtual,
        wire as wire,
    )
    from pmport.errors import PmportError as PmportError
    from pmport.findings import Finding as Finding, Severity as Severity
    from pmport.opening import open as open
    from pmport.reporting.phone_report import report as report
    from pmport.section import Section as Section
    from pmport.surveying.survey_run import survey as survey
else:
    _PUBLIC = {
        "pmport": "__version__ board bootcheck bootlog device_db devicetree errors events facts flashers formats generate initramfs kernels notebook plan redaction reporting surveying transport unpacking virtual wire",
        "pmport.errors": "PmportError",
        "pmport.findings": "Finding Severity",
        "pmport.opening": "open",
        "pmport.reporting.phone_report": "report",
        "pmport.section": "Section",
        "pmport.surveying.survey_run": "survey",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

_install()

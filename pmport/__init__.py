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

if TYPE_CHECKING:
    from pmport import (
        bootcheck,
        device_db,
        devicetree,
        errors,
        events,
        facts,
        flashers,
        formats,
        generate,
        kernels,
        notebook,
        plan,
        redaction,
        transport,
        unpacking,
        virtual,
        wire,
    )
    from pmport.errors import PmportError
    from pmport.findings import Finding, Severity
    from pmport.opening import open
    from pmport.section import Section

__version__ = "0.1.0"

_NAMES = {
    "Finding": "pmport.findings:Finding",
    "PmportError": "pmport.errors:PmportError",
    "Section": "pmport.section:Section",
    "Severity": "pmport.findings:Severity",
    "bootcheck": "pmport.bootcheck",
    "device_db": "pmport.device_db",
    "devicetree": "pmport.devicetree",
    "errors": "pmport.errors",
    "events": "pmport.events",
    "facts": "pmport.facts",
    "flashers": "pmport.flashers",
    "formats": "pmport.formats",
    "generate": "pmport.generate",
    "kernels": "pmport.kernels",
    "notebook": "pmport.notebook",
    "open": "pmport.opening:open",
    "plan": "pmport.plan",
    "redaction": "pmport.redaction",
    "transport": "pmport.transport",
    "unpacking": "pmport.unpacking",
    "virtual": "pmport.virtual",
    "wire": "pmport.wire",
}

__all__ = [
    "Finding",
    "PmportError",
    "Section",
    "Severity",
    "__version__",
    "bootcheck",
    "device_db",
    "devicetree",
    "errors",
    "events",
    "facts",
    "flashers",
    "formats",
    "generate",
    "kernels",
    "notebook",
    "open",
    "plan",
    "redaction",
    "transport",
    "unpacking",
    "virtual",
    "wire",
]

__getattr__, __dir__ = lazily(__name__, _NAMES)

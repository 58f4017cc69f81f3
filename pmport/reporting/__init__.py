"""A page to send: everything that files tell of a phone, in one self-contained page without what identifies it.

::

    pmport.report(["boot.img", "phone.pit"]).write_to("phone.html")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.reporting.page_html import page as page
    from pmport.reporting.phone_report import PhoneReport as PhoneReport, report as report
    from pmport.reporting.sections import Topic as Topic
else:
    _PUBLIC = {
        "pmport.reporting.page_html": "page",
        "pmport.reporting.phone_report": "PhoneReport report",
        "pmport.reporting.sections": "Topic",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

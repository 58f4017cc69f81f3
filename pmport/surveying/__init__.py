"""Many files at once: one row a file, errors as rows, on as many processors or computers as there are.

::

    survey = pmport.survey("factory-images", output="phones.parquet")
    [row["path"] for row in survey if row["soc"] == "msm8916"]
    survey.errors                                           # what could not be read, and why
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pmport.lazy import lazily

if TYPE_CHECKING:
    from pmport.surveying.survey_row import COLUMNS as COLUMNS, Row as Row, row_of as row_of
    from pmport.surveying.survey_run import Survey as Survey, files_in as files_in, survey as survey
    from pmport.surveying.survey_tables import read_table as read_table, write_table as write_table
else:
    _PUBLIC = {
        "pmport.surveying.survey_row": "COLUMNS Row row_of",
        "pmport.surveying.survey_run": "Survey files_in survey",
        "pmport.surveying.survey_tables": "read_table write_table",
    }
    __all__, __getattr__, __dir__ = lazily(__name__, _PUBLIC)

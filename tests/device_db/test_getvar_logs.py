"""What phones in fastboot mode said, recorded by their owners: the right record or a tie, and never a wrong one.

The logs are excerpts without what identifies a phone; their first line says where they come from. A file is named by the
record of its phone, or ``none-…`` where there is none, or where it names nothing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pmport import device_db, facts
from pmport.formats.reports.getvars import GetVars
from pmport.redaction import redact

LOGS = sorted((Path(__file__).parent / "getvar_logs").glob("*.txt"))


def told(text: str) -> facts.DeviceFacts:
    return facts.of(GetVars.parse(text.encode()))


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_a_recorded_phone_is_found_or_nothing_is(path: Path) -> None:
    found = device_db.find(told(path.read_text(encoding="utf-8")))
    best = {candidate.codename.removesuffix("-downstream") for candidate in found if candidate.score == found[0].score}
    assert best == (set() if path.stem.startswith("none-") else {path.stem})


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_the_log_identifies_nobody(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert redact(text) == text
    assert text.startswith("# ")


SAYINGS = [
    ("product: sargo", "google-sargo"),
    ("lk2nd:compatible: samsung,a3lte", "samsung-a3"),
    ("lk2nd:model: Samsung Galaxy A3 (SM-A300F)", "samsung-a3"),
    ("lk2nd:bootloader: A300FXXU1CPH3", "samsung-a3"),
    ("version-bootloader: crackling-N-ga787dc4", "wileyfox-crackling"),
    (
        "ro.build.fingerprint: motorola/falcon_retuglb/falcon_umts:5.1/LPB23.13-58/58:user/release-keys",
        "motorola-falcon",
    ),
    ("ro.build.fingerprint: motorola/harpia/harpia:7.1.1/NPIS26.48-43-2/3:user/release-keys", "motorola-harpia"),
    ("vendor-fingerprint: google/panther/panther:13/TQ1A.230105.002/9325679:user/release-keys", ""),
    ("vendor-fingerprint: Android/aosp_panther/panther:13/TQ1A.230105.002/1:userdebug/test-keys", ""),
    ("product: panther", ""),
    ("product: onyx", ""),
    ("vendor-fingerprint: qti/generic/generic:12/X/1:user/release-keys", ""),
    ("sku: XT1562", "motorola-lux"),
    ("product: msm8916", ""),
    ("product: lk2nd-msm8916", ""),
]


@pytest.mark.parametrize(("line", "codename"), SAYINGS)
def test_each_kind_of_name_counts(line: str, codename: str) -> None:
    found = device_db.find(told(f"(bootloader) version: 0.5\n(bootloader) {line}\n"))
    best = {candidate.codename.removesuffix("-downstream") for candidate in found if candidate.score == found[0].score}
    assert best == ({codename} if codename else set())

"""Every kind of damage to an image is found, and nothing is found in a whole one."""

from __future__ import annotations

from random import Random

import pytest
from damaged_images import DAMAGE, WHOLE

import pmport
from pmport.bootcheck import check
from pmport.bootcheck.profiles import PROFILES
from pmport.errors import FormatError
from pmport.findings import Severity

BAD = {Severity.ERROR, Severity.WARNING}


@pytest.mark.parametrize("name", WHOLE)
def test_nothing_speaks_against_a_whole_image(name: str) -> None:
    found = check(pmport.open(WHOLE[name]))
    assert [str(finding) for finding in found if finding.severity in BAD] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_no_profile_finds_an_error_in_a_usual_image(profile: str) -> None:
    found = check(pmport.open(WHOLE["arm64, v2"]), profile=profile)
    assert [str(finding) for finding in found if finding.severity is Severity.ERROR] == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", DAMAGE)
def test_each_kind_of_damage_is_found(name: str, seed: int) -> None:
    kind = DAMAGE[name]
    image = kind.make(Random(f"{name} {seed}"))
    if not kind.code:
        with pytest.raises(FormatError):
            pmport.open(image)
        return
    found = check(pmport.open(image))
    assert kind.code in {finding.code for finding in found if finding.severity in BAD}, list(map(str, found))


def test_what_the_stock_image_has_too_is_no_trouble() -> None:
    odd = pmport.open(DAMAGE["kernel: random"].make(Random(1)))
    assert [finding.severity for finding in check(odd, against=odd) if finding.severity in BAD] == []

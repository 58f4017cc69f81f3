"""Every flash method opens its own flasher, and each keeps the promise that all share; mypy reads this file."""

from __future__ import annotations

from typing import assert_type

import pytest

from pmport import flashers
from pmport.errors import PlanError
from pmport.flashers import METHODS, FastbootFlasher, Flasher, HeimdallFlasher, NokiaFlasher, SamsungFlasher
from pmport.plan import FlashPlan, Step, Verb
from pmport.virtual import FastbootPhone, LokePhone, NoloPhone, PyusbBackend

PHONES = {"fastboot": FastbootPhone, "heimdall": LokePhone, "0xffff": NoloPhone}


def test_the_type_follows_from_the_method() -> None:
    fastboot = flashers.open("fastboot", backend=PyusbBackend([FastbootPhone()]))
    samsung = flashers.open("heimdall", backend=PyusbBackend([LokePhone()]))
    nokia = flashers.open("0xffff", backend=PyusbBackend([NoloPhone()]))
    assert_type(fastboot, FastbootFlasher)
    assert_type(samsung, SamsungFlasher)
    assert_type(nokia, NokiaFlasher)
    promised: tuple[Flasher, ...] = (fastboot, samsung, nokia)
    assert [flasher.method for flasher in promised] == list(METHODS)
    for flasher in promised:
        flasher.close()
    assert HeimdallFlasher is SamsungFlasher


@pytest.mark.parametrize("method", METHODS)
def test_each_method_runs_a_plan_of_its_own_and_no_other(method: str) -> None:
    other = next(name for name in METHODS if name != method)
    with flashers.open(method, backend=PyusbBackend([PHONES[method]()])) as flasher:
        assert_type(flasher, Flasher)
        with pytest.raises(PlanError, match=f"is for {other}"):
            flasher.run(FlashPlan(other, (Step(Verb.REBOOT),)))


def test_a_method_that_is_none_is_told() -> None:
    with pytest.raises(PlanError, match="does not flash by 'mtkclient'"):
        flashers.open("mtkclient")

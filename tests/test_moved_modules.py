"""Modules are found by their former names for one release."""

from __future__ import annotations

import subprocess
import sys
import warnings
from importlib import import_module

import pytest

import pmport
from pmport.moved_modules import MOVED


@pytest.mark.parametrize(("former", "today"), MOVED.items())
def test_a_former_name_gives_the_module_of_today_and_a_warning(former: str, today: str) -> None:
    module = import_module(today)
    sys.modules.pop(former, None)
    with pytest.warns(DeprecationWarning, match=today):
        assert import_module(former) is module
    assert module.__name__ == today
    assert module.__spec__ is not None
    assert module.__spec__.name == today


def test_a_former_name_never_takes_the_place_of_a_public_one() -> None:
    for former in MOVED:
        room, _, name = former.rpartition(".")
        assert name not in getattr(import_module(room), "__all__", ()), former
    assert callable(pmport.devicetree.references)


def test_a_former_name_works_in_a_new_process() -> None:
    code = "from pmport.formats.android_info import requirements; import pmport.formats.sparse as s; print(s.__name__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "pmport.formats.storage.sparse"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        import_module("pmport.formats.storage.sparse")

"""AOSP's own tests of mkbootimg and unpack_bootimg, with pmport in the place of both."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
import unittest
from pathlib import Path

import pytest
from support import REPOSITORY

pytestmark = pytest.mark.online
NOT_OURS = {
    "test_legacy_boot_image_v4_signature_without_avbtool_path",
    "test_legacy_boot_image_v4_signature_with_avbtool_path",
    "test_legacy_boot_image_v4_signature_exceed_size",
}
"""They sign with mkbootimg's deprecated GKI options, which pmport has not: it signs by its own verified boot."""
FEWEST = 14
"""Tests that the suite of Debian 13 has beside these."""


@pytest.fixture
def in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both names on PATH lead to the stand-in."""
    for name in ("mkbootimg", "unpack_bootimg"):
        program = tmp_path / name
        command = shlex.join([sys.executable, str(REPOSITORY / "tests" / "mkbootimg_stand_in.py"), name])
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("in_place")
def test_mkbootimgs_own_tests_hold(aosp_source: Path) -> None:
    path = next(aosp_source.rglob("system/tools/mkbootimg/tests/mkbootimg_test.py"))
    spec = importlib.util.spec_from_file_location("mkbootimg_test", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    names = [name for name in unittest.TestLoader().getTestCaseNames(module.MkbootimgTest) if name not in NOT_OURS]
    result = unittest.TestResult()
    unittest.TestSuite(module.MkbootimgTest(name) for name in names).run(result)
    assert [f"{test}: {told}" for test, told in (*result.failures, *result.errors)] == []
    assert result.testsRun == len(names) >= FEWEST

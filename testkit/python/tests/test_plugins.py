"""The fixtures for pytest and the TestCase, in runs of their own."""

import os
import unittest
from pathlib import Path

import pytest

from tokenstage.unittest import SandboxTestCase

ROOT = str(Path(__file__).parents[1])


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs tests with the plugin, as one who installed it does."""
    monkeypatch.setenv("PYTHONPATH", ROOT)

    def running(source):
        pytester.makepyfile(source)
        return pytester.runpytest_subprocess("-p", "tokenstage.pytest_plugin", "-p", "no:cacheprovider")

    return running


def test_boxes_are_made_from_the_marks(run):
    run("""
        import pytest

        pytestmark = pytest.mark.tokenstage(seed=1, play=["mqtt-throttled-then-fine"])

        @pytest.mark.tokenstage(seed=2)
        def test_nearest_mark_wins(box):
            assert box.seed == 2
            assert "mqtt-throttled-then-fine" in [scenario["name"] for scenario in box.playing()]
    """).assert_outcomes(passed=1)


def test_a_failed_claim_reads_as_the_server_wrote_it(run):
    result = run("""
        import pytest

        @pytest.mark.tokenstage(seed=3)
        def test_claims(box):
            box.expect("onsmqtt.ApplyToken").once()
    """)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([
        "*ExpectationError: onsmqtt.ApplyToken: want 1 call, got 0 calls*",
        "*0 calls came to sandbox sb-*, seed 3*",
        "*Captured stderr teardown*",
        "sandbox sb-*, seed 3",
    ])
    assert "def _end" not in result.stdout.str()  # frames of the testkit are nobody's business


def test_what_a_sandbox_has_to_say_fails_its_test(run):
    result = run("""
        def test_checks(box):
            box.check("onsmqtt.ApplyToken").once()

        def test_open_claims(box):
            box.expect("onsmqtt.ApplyToken")
    """)
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(["*want 1 call, got 0 calls*", "*the claim was not ended*"])


class Cases(SandboxTestCase):
    sandbox_options = {"seed": 5}

    def test_good(self):
        self.assertEqual(self.box.seed, 5)

    def test_claim(self):
        self.box.expect("onsmqtt.ApplyToken").once()

    def test_check(self):
        self.box.check("onsmqtt.ApplyToken").once()

    def test_subtest(self):
        with self.subTest("inner"):
            self.fail("inside")

    def test_skipped(self):
        self.skipTest("says why")


Cases.__test__ = False  # some of them fail on purpose: the test below runs them


@pytest.mark.parametrize("name, failures, kept", [
    ("test_good", 0, False), ("test_claim", 1, True), ("test_check", 1, True), ("test_subtest", 1, True),
    ("test_skipped", 0, False),
])
def test_cases(name, failures, kept, tmp_path, monkeypatch):
    monkeypatch.setenv("TOKENSTAGE_KEEP", str(tmp_path))
    result = unittest.TestResult()
    unittest.TestSuite([Cases(name)]).run(result)
    assert len(result.failures) == failures and not result.errors, result
    assert bool(os.listdir(tmp_path)) == kept

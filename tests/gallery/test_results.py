"""Figures of merit: whether a target is met follows from the number, and the table keeps what was not run again."""

import importlib.util
from pathlib import Path

import pytest

from lapicque.reports import Merit, merit_table

spec = importlib.util.spec_from_file_location("gallery_conftest", Path(__file__).with_name("conftest.py"))
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)


@pytest.mark.parametrize(
    ("ours", "target", "met"),
    [
        (0.4, "< 0.5 ms", True), (0.5, "< 0.5 ms", False), (0.5, "<= 0.5 ms", True), (97, ">= 97 %", True),
        (97, "> 97 %", False), (0, "= 0 errors", True), (1, "= 0", False), (17.7, "16.3 ± 1.5 Hz", True),
        (14.7, "16.3 +/- 1.5 Hz", False), (10, "10 to 30 Hz", True), (-3.1, "-3 to 3", False), (1e-13, "< 1e-12", True),
        (float("nan"), "< 0.5", False), (float("nan"), "1 ± 2", False), (float("inf"), "10 to 30", False),
        (-5, "-7 ± 2.5 mV/ms", True), (3, "2 to 4 of 10 seeds", True),
    ],
)  # fmt: skip
def test_met_follows_from_value_and_target(ours, target, met):
    assert Merit("x", ours, target).met is met


@pytest.mark.parametrize("target", ["", "small", "0.5", "< ", "16.3 Hz ± 1.5 Hz", "about 3", "< 5 or > 9", "10-30 Hz"])
def test_what_is_no_target_is_refused(target):
    with pytest.raises(ValueError, match="the target of 'rate' is"):
        Merit("rate", 1.0, target)


def test_values_are_shown_in_the_unit_of_the_target():
    assert Merit("x", 0.12345, "< 0.5 ms").value == "0.123 ms"
    assert Merit("x", 12345.6, ">= 3").value == "12346"
    assert Merit("x", float("nan"), "< 0.5").row == ("x", "nan", "< 0.5", "", "no")


def test_the_table_aligns_its_columns():
    text = merit_table([Merit("short", 1, "< 2"), Merit("a longer name", 3, "< 2 ms", published="1.5 ms")])
    heads = [text.splitlines()[0].index(name) for name in ("ours", "target", "published", "met")]
    assert all(line[k - 2 : k] == "  " for line in text.splitlines() for k in heads if len(line) > k)
    assert text.splitlines()[2].endswith("no")


def test_rows_of_examples_that_were_not_run_are_kept():
    old = [("a", "x", "1"), ("b", "x", "1"), ("b", "y", "2"), ("gone", "x", "1")]
    new = [("c", "x", "5"), ("b", "x", "7")]
    assert conftest.merged(old, new, ["a", "b", "c"]) == [("a", "x", "1"), ("b", "x", "7"), ("c", "x", "5")]


def test_the_stored_table_belongs_to_the_examples():
    head, *rows = conftest.stored()
    assert head == conftest.HEAD
    assert {row[0] for row in rows} <= {path.stem for path in (conftest.ROOT / "gallery").glob("[a-z]*.py")}
    assert not [row for row in rows if row[1] == "failed"]

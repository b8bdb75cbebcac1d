"""One table at the end of `make gallery`, kept for the docs: what every example reaches, beside what is published."""

import csv
from pathlib import Path

from lapicque.reports.merit import aligned

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "docs" / "gallery_results.csv"
HEAD = ("example", "figure", "ours", "target", "published", "met", "seconds")


def stored():
    """The table of the documentation: its rows, the head first."""
    return [tuple(row) for row in csv.reader(STORED.read_text().splitlines())]


def merged(old, new, examples):
    """Rows in the order of the examples: what was run now replaces what was stored, what is gone is dropped."""
    run = {row[0] for row in new}
    kept = [row for row in old if row[0] not in run]
    return [row for example in examples for row in (*kept, *new) if row[0] == example]


def pytest_terminal_summary(terminalreporter):
    """Print the rows that runs at full length have reported, and write them into the table of the documentation."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    found = [tuple(row) for report in reports for name, row in report.user_properties if name == "merit"]
    if not found:
        return
    old = stored()[1:] if STORED.exists() else []
    examples = sorted(path.stem for path in (ROOT / "gallery").glob("[a-z]*.py"))
    with STORED.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *merged(old, found, examples)])
    terminalreporter.section("figures of merit")
    terminalreporter.write_line(aligned([HEAD, *sorted(found, key=lambda row: row[0])]))

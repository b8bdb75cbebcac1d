"""The command, and how errors and notices are told on a command line."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import Any

import click

from lapicque import __version__
from lapicque.errors import LapicqueError, LapicqueNotice

INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


class Commands(click.Group):
    """Errors that lapicque raises on purpose become one message and exit code 1; notices one line each."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with warnings.catch_warnings():
            warnings.simplefilter("always", LapicqueNotice)
            warnings.showwarning = Notices(warnings.showwarning)
            try:
                return super().invoke(ctx)
            except LapicqueError as error:
                raise click.ClickException(as_options(str(error))) from None
            except OSError as error:
                place = f"{error.filename}: " if error.filename else ""
                raise click.ClickException(f"{place}{error.strerror or error}") from None


class Notices:
    """Prints each notice once, in the words of the command line; leaves other warnings alone."""

    def __init__(self, otherwise: Callable[..., None]):
        self.otherwise, self.shown = otherwise, set[str]()

    def __call__(self, message: Warning | str, category: Any, *place: Any, **more: Any) -> None:
        """Tell a warning, in place of ``warnings.showwarning``."""
        if not issubclass(category, LapicqueNotice):
            self.otherwise(message, category, *place, **more)
        elif str(message) not in self.shown:
            self.shown.add(str(message))
            click.echo(f"notice: {as_options(str(message))}", err=True)


#: How messages say what to write in Python, and how that reads on the command line.
_OPTIONS: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
    (r"units=\{'([^']*)': '([^']*)'\}", r"--unit \1=\2"),
    (r"detect=\{'threshold': (-?[\d.]+)\}", r"--threshold \1mV"),
    (r"leave out dt=, and call resample\(dt\) on the recording for another interval",
     "leave out --rec-dt; --dt is the step of the simulation"),
    (r"\bdt='([\d.]+) (\w+)'", r"--rec-dt \1\2"),
    (r"\bdt=(?=[\d.]+ ms was given)", "--rec-dt "),
    (r"\bcolumns=\(([^)]*)\)", lambda m: "--columns " + re.sub(r"[' ]", "", m[1]).rstrip(",")),
    (r"\b(spikes|voltage|current|select)=\.\.\.", lambda m: f"--{m[1]}"),
    (r"\b(spikes|voltage|current)=(?='|$| )", lambda m: f"--{m[1]} "),
    (r"read it by lapicque\.io\.\w+\.read or rename it", "rename it"),
    (r"\b(epochs|batch|samples|seed)=(?=\d)", lambda m: f"--{m[1]} "),
    (r"\bfolder=", "--data"),
    (r"\b(unit|t_start|t_stop)='(-?[\d.]*) ?([^']*)'", lambda m: f"--{m[1].replace('_', '-')} {m[2]}{m[3]}"),
    (r"\brate='([\d.]+) ?([^']*)'", r"--rate \1\2"),
    (r"\bsuch as spike\(\)", "such as --distance spike"),
    (r"\bchoose one by key=, of (.*), or read all by read_populations", r"choose one by --key, of \1"),
    (r"\bsort=True sorts", "--sort sorts"),
    (r"\b(unit|rate)=(?= |$)", r"--\1"),
    (r"threshold_scale=\{'cells\.([^']*)': '([\d.]+) ?([^']*)'\}.*", r"--scale \1=\2\3"),
]  # fmt: skip


def as_options(message: str) -> str:
    """Return a message with options of the command line where it has arguments of Python."""
    for pattern, option in _OPTIONS:
        message = re.sub(pattern, option, message)
    return message


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Write a neuron once, as equations: simulate it, fit it to recordings."""

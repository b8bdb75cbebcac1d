"""Fit a network that a file describes to the spikes of many cells."""

from __future__ import annotations

import json
import shlex
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from lapicque.cli.group import INTERRUPTED
from lapicque.errors import FitError, LapicqueNotice, suggest

#: Options of ``lapicque fit`` that mean something for a network.
KNOWN = {"recording", "budget", "optimizer", "seed", "split", "patience", "out", "resume", "workers", "units", "dt",
         "method", "animation"}  # fmt: skip
#: What the file may define.
NAMES = ("network", "free", "objective", "dt", "method", "precision", "trials", "wiring_seed")


def fit_network(context: click.Context, options: Mapping[str, Any]) -> None:
    """Fit, validate on the rest of the time, and write what was found; of several objectives, their front."""
    from lapicque import fit as fitting
    from lapicque.cli.fitting import animation_of, optimizer_of
    from lapicque.reports import report

    given = [name for name in options if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
    for name in given:
        if name not in KNOWN:
            option = next(p.opts[0] for p in context.command.params if p.name == name)
            raise FitError(f"{option} is for single cells: leave it out")
    path, *files = options["recording"]
    asked = read_file(path)
    data = read_data(files, dict(pair.partition("=")[::2] for pair in options["units"]))
    asked.update({name: options[name] for name in ("dt", "method") if options.get(name)})
    if "dt" not in asked:
        raise FitError(f"{path} has no dt, the step of the simulation: write dt = '0.1 ms' there, or --dt 0.1ms")
    if not 0 < options["split"] <= 1:
        raise FitError(f"--split is {options['split']:g}: a fraction of the time, up to 1, is expected")
    train, test = parts(data, options["split"])
    asked.setdefault("objective", fitting.PopulationStatistics())
    problem = fitting.NetworkProblem(data=train, seed=options["seed"], **asked)
    out: Path = options["out"]
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "search.json"
    if options["resume"] and not checkpoint.exists():
        warnings.warn(f"there is no search to resume in {out}: a new one begins", LapicqueNotice, stacklevel=2)
    elif not options["resume"]:
        checkpoint.unlink(missing_ok=True)
    click.echo(f"fitting {problem.dimension} numbers of a {problem.name}, {options['budget']} candidates ...")
    several = len(problem.objectives) > 1
    search = fitting.pareto if several else fitting.minimize
    found: Any = search(
        problem, optimizer_of(options["optimizer"]), options["budget"], options["seed"], patience=options["patience"],
        checkpoint=checkpoint, executor=_pools(options["workers"]),
    )  # fmt: skip
    click.echo(repr(found))
    validation = fitting.validate(found.knee() if several else found, test, seed=options["seed"])
    click.echo(repr(validation))
    record = record_of_front(found, validation) if several else record_of(found, validation)
    file = out / ("front.json" if several else "fit.json")
    file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if several and len(found) < 2:
        click.echo(f"one candidate is best in everything, so there is no page to choose from: it stands in {file}")
    else:
        command = shlex.join(["lapicque", *sys.argv[1:]])
        page = report(
            found, out / "report.html", validation=validation, command=command, animation=animation_of(options, found)
        )
        click.echo(f"report: {Path(page).resolve()}")
    if found.stopped == "interrupted":
        click.echo("interrupted: here is the best so far; --resume continues the search")
        raise click.exceptions.Exit(INTERRUPTED)


def read_file(path: str) -> dict[str, Any]:
    """Return what a file says of a problem: `network` and `free`, and what else of `NAMES` there is.

    Raises
    ------
    FitError
        If either is missing, or the file cannot be run, with the line.
    """
    from lapicque.user_file import run_file

    found = vars(run_file(Path(path), FitError))
    own = [name for name in found if not name.startswith("_")]
    for name in ("network", "free"):
        if name not in found:
            meant = {"network": "a Network, or a function of the free parameters that returns one",
                     "free": "bounds by name, free = {'exc->inh.w': ('0 mV', '5 mV')}"}  # fmt: skip
            raise FitError(f"{path} does not define {name!r}{suggest(name, own)}: {meant[name]}")
    return {name: found[name] for name in NAMES if name in found}


def read_data(files: list[str], units: Mapping[str, str]) -> dict[str, Any]:
    """Return spike trains by recorder, from ``RECORDER=FILE`` or one file that holds them all.

    Raises
    ------
    FitError
        If there are no files, or several without names.
    """
    from lapicque import io

    options = {"unit": units["spikes"]} if "spikes" in units else {}
    if not files:
        raise FitError("there are no data: give a file of spikes, or RECORDER=FILE for each population")
    named = {name: path for name, found, path in (file.partition("=") for file in files) if found}
    if not named and len(files) == 1:
        return io.read_populations(files[0], **options)
    if len(named) != len(files):
        raise FitError("which recorder is each file of? Write RECORDER=FILE, such as exc=exc.npz inh=inh.npz")
    return {name: io.read_spikes(path, **options) for name, path in named.items()}


def parts(data: Mapping[str, Any], split: float) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the first part of the time, which is fitted, and the rest, None where all is fitted."""
    if split == 1:
        return dict(data), None
    first = next(iter(data.values()))
    cut = first.t_start + split * (first.t_stop - first.t_start)
    windows = {(trains.t_start, trains.t_stop) for trains in data.values()}
    if len(windows) > 1:
        return dict(data), None  # the problem says which windows differ
    train = {name: trains.window(trains.t_start, cut) for name, trains in data.items()}
    return train, {name: trains.window(cut, trains.t_stop) for name, trains in data.items()}


def record_of(found: Any, validation: Any) -> dict[str, Any]:
    """Return the record of a fit of a network, ready for JSON; numbers that are not finite are null."""
    from lapicque.fit.record import finite

    parameters = {
        name: {"value": value.value, "unit": str(value.unit), "bounds": [value.low, value.high]}
        for name, value in found.parameters.items()
    }
    return finite({"parameters": parameters, "loss": found.loss, **_shared(found, validation)})


def record_of_front(front: Any, validation: Any) -> dict[str, Any]:
    """Return the record of a front, ready for JSON: all of its candidates, and the validation of its knee."""
    from lapicque.fit.record import finite

    units = {f.name: str(f.unit) for f in front.problem.free}
    candidates = [
        {"losses": one.losses, "parameters": {name: value.value for name, value in one.parameters.items()}}
        for one in front
    ]
    own = {"front": candidates, "knee": front.knee().losses, "units": units, "hypervolume": front.hypervolume,
           "reference": front.reference.tolist()}  # fmt: skip
    return finite({**own, **_shared(front, validation)})


def _shared(found: Any, validation: Any) -> dict[str, Any]:
    from lapicque.fit.record import versions

    return {
        "model": repr(found.problem.network),
        "evaluations": found.evaluations,
        "seconds": found.seconds,
        "stopped": found.stopped,
        "seed": found.seed,
        "objectives": list(found.problem.objectives),
        "validation": validation.as_dict(),
        "command": shlex.join(["lapicque", *sys.argv[1:]]),
        "versions": versions(),
    }


def _pools(workers: int | None) -> Any:
    """Return what makes pools of processes, a new one where one breaks; None for threads."""
    if workers is None:
        return None
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    return lambda: ProcessPoolExecutor(workers, mp_context=get_context("spawn"))

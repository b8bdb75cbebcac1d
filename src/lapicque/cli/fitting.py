"""Fit a recording, and run the demonstration."""

from __future__ import annotations

import re
import shlex
import sys
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from lapicque.cli.group import INTERRUPTED
from lapicque.errors import FitError, LapicqueNotice, suggest
from lapicque.units import split


@click.command()
@click.argument("recording", nargs=-1, required=True)
@click.option("--model", default="adex", show_default=True, help="Name of the catalogue, or FILE.py:NAME.")
@click.option(
    "--free",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Bounds of a parameter, c_m=50:400pF; the model's other ranges, and a delay of 0 to 5 ms, stay free.",
)
@click.option("--only", is_flag=True, help="Nothing is free but what --free names.")
@click.option("--fix", multiple=True, metavar="NAME=VALUE", help="Hold a parameter at a value, e_l=-65mV.")
@click.option("--distance", "distance_text", default="coincidence:4ms", show_default=True, help="NAME or NAME:SCALE.")
@click.option("--budget", default=30_000, show_default=True, help="Candidates to evaluate.")
@click.option("--optimizer", help="cma_es, differential_evolution ... [cma_es; of several objectives nsga2].")
@click.option("--seed", default=0, show_default=True, help="Of the search and the model's noise.")
@click.option(
    "--split", default=0.6, show_default=True, help="Fraction of the time that is fitted; the rest is the test."
)
@click.option("--hold-out", multiple=True, metavar="LABEL", help="Stimulus to test on; all of the others are fitted.")
@click.option("--test", "test_files", multiple=True, help="Recording to test on; all of RECORDING is then fitted.")
@click.option("--select", multiple=True, metavar="LABEL", help="Sweeps of RECORDING to read.")
@click.option("--spikes", multiple=True, help="File with the spike times of RECORDING.")
@click.option("--test-spikes", multiple=True, help="File with the spike times of the test recording.")
@click.option("--current", help="Channel or column of the current.")
@click.option("--voltage", help="Channel or column of the voltage.")
@click.option("--columns", help="Names of the columns of a text file, with commas between.")
@click.option("--unit", "units", multiple=True, metavar="NAME=UNIT", help="A unit that the file lacks.")
@click.option("--input", "driven", help="The model's input that the current drives, where it has several.")
@click.option("--threshold", help="Spikes cross this voltage upwards [0 mV].")
@click.option("--dead-time", help="No second spike for this time [1 ms].")
@click.option("--rec-dt", help="Sampling interval, where the file does not say.")
@click.option("--dt", help="Step of the simulation [the recording's].")
@click.option("--method", help="Integration scheme.")
@click.option("--patience", type=int, help="Stop after so many candidates without a new best.")
@click.option(
    "--animation", type=click.Choice(["html", "gif", "none"]), default="html", show_default=True,
    help="Of which kind the film of the search beside the report is.",
)  # fmt: skip
@click.option("--out", default="lapicque-fit", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--resume", is_flag=True, help="Continue the search that stands in the output folder.")
@click.option("--workers", type=click.IntRange(1), help="Processes that evaluate candidates of a network [threads].")
@click.pass_context
def fit(context: click.Context, **options: Any) -> None:
    """Fit a model to a RECORDING (ABF, Igor .ibw, NWB, .npz, .csv, text) and write a report.

    Fit a network to spikes by NETWORK.py DATA: the file defines `network` and `free`, and DATA are files of spikes,
    each RECORDER=FILE, or one that holds them all. Where `objective` is a list, what is found is a Pareto front.

    Ctrl-C ends the search and keeps what was found: the report is written, and --resume goes on from there.
    """
    from lapicque.fit.free import check_value
    from lapicque.fit.sources import find_distance, find_model, read_pairs

    if options["recording"][0].endswith(".py"):
        from lapicque.cli.networks import fit_network

        fit_network(context, options)
        return
    if options["workers"]:
        raise FitError("--workers is for networks: a cell's candidates run in threads, 64 at a time")
    neuron, distance = find_model(options["model"]), find_distance(options["distance_text"])
    free, fixed = read_pairs(options["free"], "--free"), read_pairs(options["fix"], "--fix")
    values = {name: value for name, value in fixed.items() if not _is_neutral(name, value)}
    held = neuron.with_(**values) if values else neuron
    for name in values:
        check_value(neuron, held, name)
    neuron = held
    _tell_bare_numbers(neuron, {"--free": free, "--fix": values})
    optimizer = optimizer_of(options["optimizer"])
    recording = _read(options["recording"], options, select=list(options["select"]), spikes=list(options["spikes"]))
    test = _read(options["test_files"], options, spikes=list(options["test_spikes"])) if options["test_files"] else None
    _fit(
        neuron, recording, test, distance, free, options, shlex.join(["lapicque", *sys.argv[1:]]), fixed, optimizer,
    )  # fmt: skip


def _is_neutral(name: str, value: str) -> bool:
    """Whether a name is one of the comparison's own, fixed at the value that changes nothing.

    Raises
    ------
    FitError
        If it is fixed at another value.
    """
    from lapicque.fit.free import NUISANCES

    if name not in NUISANCES:
        return False
    neutral = 1.0 if name == "input_scale" else 0.0
    if split(value)[0] != neutral:
        raise FitError(f"{name!r} can be fixed at {neutral:g} only: give it narrow bounds, --free {name}=LOW:HIGH")
    return True


def _tell_bare_numbers(neuron: Any, given: dict[str, dict[str, str]]) -> None:
    for option, pairs in given.items():
        for name, value in pairs.items():
            unit = neuron.constants[name].unit if name in neuron.constants else None
            if unit is not None and str(unit) != "1" and not any(c.isalpha() for c in value.removesuffix("log")):
                warnings.warn(
                    f"{option} {name}={value} has no unit: it is taken in {unit}", LapicqueNotice, stacklevel=2
                )


@click.command()
@click.option("--out", default="lapicque-demo", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--budget", default=30_000, show_default=True, help="Candidates to evaluate for each recording.")
@click.option("--seed", default=1, show_default=True)
def demo(out: Path, budget: int, seed: int) -> None:
    """Fit an adaptive neuron to the auditory receptor recordings that come with nitime, and write the reports."""
    from lapicque import io, neurons
    from lapicque.distances.coincidence import coincidence
    from lapicque.fit.sources import grasshopper_files

    for number in (1, 2):
        stimulus, spikes = grasshopper_files(number)
        recording = io.read(
            stimulus, columns=["time_us", "stimulus"], units={"stimulus": "1", "spikes": "us"}, spikes=spikes,
            name=f"grasshopper receptor {number}",
        )  # fmt: skip
        options = {"out": out / f"receptor-{number}", "budget": budget, "seed": seed, "split": 0.6, "dt": "0.1 ms"}
        _fit(neurons.adex, recording, None, coincidence("2 ms"), {"delay": ("0 ms", "15 ms")}, options, "lapicque demo")


def _read(paths: Sequence[str], options: dict[str, Any], **own: Any) -> Any:
    from lapicque import io
    from lapicque.fit.sources import read_pairs

    spikes = own.get("spikes") or None
    chosen = dict(
        select=own.get("select") or None,
        spikes=spikes[0] if spikes and len(spikes) == 1 else spikes,
        current=options["current"],
        voltage=options["voltage"],
        columns=options["columns"].split(",") if options["columns"] else None,
        units=read_pairs(options["units"], "--unit") or None,
        detect={name: options[name] for name in ("threshold", "dead_time") if options[name]} or None,
        dt=options["rec_dt"],
    )
    given = {name: value for name, value in chosen.items() if value is not None}
    try:
        return io.read(paths[0] if len(paths) == 1 else list(paths), **given)
    except TypeError as error:
        option = re.search(r"has no option '(\w+)'", str(error))
        if option is None:
            raise
        raise FitError(f"--{option[1]} is not for files of this format, {', '.join(paths)}: leave it out") from None


def _fit(
    neuron: Any, recording: Any, test_recording: Any, distance: Any, free: dict[str, Any], options: dict[str, Any],
    command: str, fixed: Collection[str] = (), optimizer: Any = None,
) -> None:  # fmt: skip
    """Fit, score and write what was found: fit.json, the report, the state of the search."""
    from lapicque import fit as fitting
    from lapicque.fit.agreement import scoring_distance
    from lapicque.fit.sources import default_free
    from lapicque.reports import report

    click.echo(repr(replace(recording, notices=())))  # they were shown when it was read
    train, test = _parts(recording, test_recording, options)
    bounds, notices = default_free(neuron, recording, free, fixed, only=options.get("only", False))
    for notice in notices:
        warnings.warn(notice, LapicqueNotice, stacklevel=2)
    problem = fitting.Problem(
        neuron, train, free=bounds, distance=distance, dt=options.get("dt"), method=options.get("method"),
        seed=options["seed"],
    )  # fmt: skip
    out: Path = options["out"]
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "search.json"
    if options.get("resume") and not checkpoint.exists():
        warnings.warn(f"there is no search to resume in {out}: a new one begins", LapicqueNotice, stacklevel=2)
    elif not options.get("resume"):
        checkpoint.unlink(missing_ok=True)
    click.echo(f"fitting {len(problem.free)} parameters of {neuron.name!r}, {options['budget']} candidates ...")
    found = fitting.minimize(
        problem, optimizer, options["budget"], options["seed"], patience=options.get("patience"), checkpoint=checkpoint
    )
    if found.stopped == "interrupted":
        click.echo("interrupted: here is the best so far; --resume continues the search")
    measure = scoring_distance(found, [*train, *test])
    scores = {"train": fitting.score(found, train, measure), "test": fitting.score(found, test, measure)}
    shared: dict[str, Any] = dict(scores=scores, train=train, test=test, recording=recording, command=command)
    fitting.save(found, out / "fit.json", test_recording=test_recording, **shared)
    _print_result(found, scores)
    report(
        found,
        out / "report.html",
        title=f"{neuron.name} fitted to {recording.name}",
        animation=animation_of(options, found),
        **shared,
    )
    click.echo(f"report: {(out / 'report.html').resolve()}")
    if found.stopped == "interrupted":
        raise click.exceptions.Exit(INTERRUPTED)


def _parts(recording: Any, test_recording: Any, options: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the trials to fit and those to test on, each with spikes somewhere."""
    from lapicque import fit as fitting

    if not recording.n_spikes:
        raise FitError(f"{recording.name!r} has no spikes: lower --threshold, or give --spikes FILE")
    trials = _driving(fitting.trials_of(recording), options.get("driven"))
    if test_recording is not None:
        train, test = trials, _driving(fitting.trials_of(test_recording), options.get("driven"))
    elif options.get("hold_out"):
        train, test = fitting.split_by_stimulus(trials, options["hold_out"])
    else:
        train, test = fitting.split_by_time(trials, options["split"])
    for part, purpose in ((train, "train on"), (test, "test on")):
        silent = [trial for trial in part if not trial.scored.times.size]
        if len(silent) == len(part):
            raise FitError(f"there are no spikes to {purpose}: choose another --split, --hold-out LABEL or --test FILE")
        if silent:
            does = "the model should be silent there too" if part is train else "they are not scored"
            if part is test and test_recording is None and not options.get("hold_out"):
                does += "; --hold-out LABEL tests on a whole stimulus in place of the end of each"
            warnings.warn(
                f"{len(silent)} of {len(part)} stimuli to {purpose} evoke no spikes: {does}",
                LapicqueNotice,
                stacklevel=2,
            )
    return train, test


def _driving(trials: list[Any], name: str | None) -> list[Any]:
    return trials if name is None else [replace(trial, stimulus={name: trial.inputs[""]}) for trial in trials]


def optimizer_of(name: str | None) -> Any:
    """Return the optimiser of a name, None for none.

    Raises
    ------
    FitError
        If there is no such optimiser, with the nearest name.
    """
    from lapicque import optimizers

    if name is None:
        return None
    known = [n for n in optimizers.__all__ if n.islower()]
    if name not in known:
        raise FitError(f"unknown optimiser {name!r}{suggest(name, known)}. Known: {', '.join(known)}")
    return getattr(optimizers, name)()


def animation_of(options: Mapping[str, Any], found: Any) -> str | None:
    """Return which kind of film to write; none of a search that was interrupted before it kept a generation."""
    asked = options.get("animation", "html")
    return asked if asked != "none" and found.generations else None


def _print_result(found: Any, scores: dict[str, Any]) -> None:
    click.echo(repr(found))
    for part, score in scores.items():
        text = f"{part:>6}: Gamma {score.gamma:.3f}"
        if score.reliability is not None:
            ratio = score.gamma_over_reliability
            text += f", reliability {score.reliability:.3f}, ratio {'none' if ratio is None else f'{ratio:.3f}'}"
        click.echo(text)

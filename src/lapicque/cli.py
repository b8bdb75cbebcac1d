"""The command line: fit a recording, look at models, run the demonstration."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click

from lapicque import __version__
from lapicque.errors import FitError, LapicqueError, LapicqueNotice, suggest


class _Commands(click.Group):
    """Errors that lapicque raises on purpose become one message and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with warnings.catch_warnings():
            warnings.simplefilter("once", LapicqueNotice)
            warnings.showwarning = _show_notice
            try:
                return super().invoke(ctx)
            except LapicqueError as error:
                raise click.ClickException(str(error)) from None


def _show_notice(
    message: Warning | str, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
) -> None:
    click.echo(f"notice: {message}", err=True)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Write a neuron once, as equations: simulate it, fit it to recordings."""


@main.command()
def models() -> None:
    """List the neurons of the catalogue."""
    from lapicque import neurons

    for name in neurons.__all__:
        neuron = getattr(neurons, name)
        click.echo(f"{name:<16} {len(neuron.states)} state{'s' * (len(neuron.states) != 1):<2} {neuron.reference}")


@main.command()
@click.argument("model")
def show(model: str) -> None:
    """Print a model: equations, events, parameters, the paper. MODEL is a name of the catalogue or FILE.py:NAME."""
    from lapicque.fit.sources import find_model

    click.echo(repr(find_model(model)))


@main.command()
@click.option("--clear", is_flag=True, help="Remove all compiled kernels.")
def cache(clear: bool) -> None:
    """Say where compiled kernels are kept, or remove them."""
    from lapicque.compile import cache as kernels

    if clear:
        click.echo(f"removed {kernels.clear()} kernels from {kernels.folder()}")
    else:
        click.echo(kernels.folder())


@main.command()
@click.argument("recording", nargs=-1, required=True)
@click.option("--model", default="adex", show_default=True, help="Name of the catalogue, or FILE.py:NAME.")
@click.option("--free", multiple=True, metavar="NAME=LOW:HIGH", help="Bounds of a free parameter, c_m=50:400pF.")
@click.option("--fix", multiple=True, metavar="NAME=VALUE", help="Hold a parameter at a value, e_l=-65mV.")
@click.option("--distance", "distance_text", default="coincidence:4ms", show_default=True, help="NAME or NAME:SCALE.")
@click.option("--budget", default=30_000, show_default=True, help="Candidates to evaluate.")
@click.option("--optimizer", help="cma_es or differential_evolution [cma_es with many restarts].")
@click.option("--seed", default=0, show_default=True, help="Of the search and the model's noise.")
@click.option(
    "--split", default=0.6, show_default=True, help="Fraction of the time that is fitted; the rest is the test."
)
@click.option("--test", "test_files", multiple=True, help="Recording to test on; all of RECORDING is then fitted.")
@click.option("--select", multiple=True, help="Sweeps to read, by label.")
@click.option("--spikes", help="File with the spike times.")
@click.option("--current", help="Channel or column of the current.")
@click.option("--voltage", help="Channel or column of the voltage.")
@click.option("--columns", help="Names of the columns of a text file, with commas between.")
@click.option("--unit", "units", multiple=True, metavar="NAME=UNIT", help="A unit that the file lacks.")
@click.option("--threshold", help="Spikes cross this voltage upwards [0 mV].")
@click.option("--dead-time", help="No second spike for this time [1 ms].")
@click.option("--rec-dt", help="Sampling interval, where the file does not say.")
@click.option("--dt", help="Step of the simulation [the recording's].")
@click.option("--method", help="Integration scheme.")
@click.option("--patience", type=int, help="Stop after so many candidates without a new best.")
@click.option("--out", default="lapicque-fit", show_default=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--resume", is_flag=True, help="Continue the search that stands in the output folder.")
def fit(**options: Any) -> None:
    """Fit a model to a RECORDING (ABF, Igor .ibw, NWB, .npz, .csv, text) and write a report."""
    from lapicque.fit.sources import find_distance, find_model, read_pairs

    neuron = find_model(options["model"])
    fixed = read_pairs(options["fix"], "--fix")
    if fixed:
        neuron = neuron.with_(**fixed)
    recording = _read(options["recording"], options)
    test = _read(options["test_files"], options) if options["test_files"] else None
    free = read_pairs(options["free"], "--free")
    for name in fixed:
        if name in free:
            raise FitError(f"{name!r} is both fixed and free: leave out --fix or --free")
    command = "lapicque " + " ".join(sys.argv[1:])
    _fit(neuron, recording, test, find_distance(options["distance_text"]), free, options, command, set(fixed))


@main.command()
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


def _read(paths: Sequence[str], options: dict[str, Any]) -> Any:
    from lapicque import io
    from lapicque.fit.sources import read_pairs

    detect = {name: options[name] for name in ("threshold", "dead_time") if options[name]}
    chosen = dict(
        select=list(options["select"]) or None,
        spikes=options["spikes"],
        current=options["current"],
        voltage=options["voltage"],
        columns=options["columns"].split(",") if options["columns"] else None,
        units=read_pairs(options["units"], "--unit") or None,
        detect=detect or None,
        dt=options["rec_dt"],
    )
    given = {name: value for name, value in chosen.items() if value is not None}
    return io.read(paths[0] if len(paths) == 1 else list(paths), **given)


def _fit(
    neuron: Any, recording: Any, test_recording: Any, distance: Any, free: dict[str, Any], options: dict[str, Any],
    command: str, fixed: Collection[str] = (),
) -> None:  # fmt: skip
    """Fit, score and write what was found: fit.json, the report, the state of the search."""
    from lapicque import fit as fitting
    from lapicque.fit.sources import default_free
    from lapicque.reports import report

    click.echo(f"{recording!r}")
    train, test = _parts(recording, test_recording, options["split"])
    bounds, notices = default_free(neuron, recording, free, set(fixed))
    for notice in notices:
        click.echo(f"notice: {notice}")
    problem = fitting.Problem(
        neuron, train, free=bounds, distance=distance, dt=options.get("dt"), method=options.get("method"),
        seed=options["seed"],
    )  # fmt: skip
    out: Path = options["out"]
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / "search.json"
    if checkpoint.exists() and not options.get("resume"):
        checkpoint.unlink()
    click.echo(f"fitting {len(problem.free)} parameters of {neuron.name!r}, {options['budget']} candidates ...")
    found = fitting.minimize(
        problem, _optimizer(options.get("optimizer")), options["budget"], options["seed"],
        patience=options.get("patience"), checkpoint=checkpoint,
    )  # fmt: skip
    scores = {"train": fitting.score(found, train), "test": fitting.score(found, test)}
    shared: dict[str, Any] = dict(scores=scores, train=train, test=test, recording=recording, command=command)
    fitting.save(found, out / "fit.json", test_recording=test_recording, **shared)
    report(found, out / "report.html", title=f"{neuron.name} fitted to {recording.name}", **shared)
    _print_result(found, scores, out)


def _parts(recording: Any, test_recording: Any, split: float) -> tuple[list[Any], list[Any]]:
    from lapicque import fit as fitting

    if not recording.n_spikes:
        raise FitError(f"{recording.name!r} has no spikes: lower --threshold, or give --spikes FILE")
    trials = fitting.trials_of(recording)
    if test_recording is None:
        parts = fitting.split_by_time(trials, split)
    else:
        parts = [trials, fitting.trials_of(test_recording)]
    train, test = ([trial for trial in part if len(trial.scored.times)] for part in parts)
    if not train or not test:
        missing = "train on" if not train else "test on"
        raise FitError(f"there are no spikes to {missing}: choose another --split, or give --test FILE")
    silent = sum(len(part) for part in parts) - len(train) - len(test)
    if silent:
        warnings.warn(
            f"{silent} stimuli evoke no spikes in their part: they are left out", LapicqueNotice, stacklevel=2
        )
    return train, test


def _optimizer(name: str | None) -> Any:
    from lapicque import optimizers

    if name is None:
        return None
    known = [n for n in optimizers.__all__ if n.islower()]
    if name not in known:
        raise FitError(f"unknown optimiser {name!r}{suggest(name, known)}. Known: {', '.join(known)}")
    return getattr(optimizers, name)()


def _print_result(found: Any, scores: dict[str, Any], out: Path) -> None:
    click.echo(repr(found))
    for part, score in scores.items():
        text = f"{part:>6}: Gamma {score.gamma:.3f}"
        if score.reliability is not None:
            text += f", reliability {score.reliability:.3f}, ratio {score.gamma_over_reliability:.3f}"
        click.echo(text)
    if found.stopped == "interrupted":
        click.echo("interrupted: this is the best so far; --resume continues the search")
    click.echo(f"report: {(out / 'report.html').resolve()}")

"""Compare fitted models: saved fits, or models that are fitted to one recording."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from lapicque.cli.group import INTERRUPTED
from lapicque.errors import FitError


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--model", "models", multiple=True, help="A model to fit to the recording; give several.")
@click.option("--budget", default=10_000, show_default=True, help="Candidates to evaluate for each model.")
@click.option("--split", default=0.6, show_default=True, help="Fraction of the time that is fitted.")
@click.option("--distance", "distance_text", default="coincidence:4ms", show_default=True, help="NAME or NAME:SCALE.")
@click.option("--data", multiple=True, metavar="FILE", help="Run saved fits anew on this unseen recording.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of searches, noise and bootstrap.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write a page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of a table.")
def compare(files: tuple[str, ...], out: Path | None, as_json: bool, **options: Any) -> None:
    """Compare models on held-out data.

    FILES are fits that `lapicque fit` saved, FIT.json FIT.json ..., of the same recording and split; or, with
    --model NAME --model NAME, a recording that each model is fitted to and scored on the rest of. With --data FILE the
    scores of saved fits are not those of their records: each fit runs on that recording.
    """
    from lapicque import fit as fitting

    try:
        found = _fitted(files, options) if options["models"] else _saved(files, fitting, options)
    except KeyboardInterrupt:
        click.echo("interrupted: nothing was compared", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    click.echo(json.dumps(found.as_dict(), indent=2, allow_nan=False) if as_json else repr(found))
    if out is not None:
        from lapicque.reports import report

        page = report(found, out, command=shlex.join(["lapicque", *sys.argv[1:]]))
        click.echo(f"report: {page.resolve()}", err=as_json)


def _saved(files: tuple[str, ...], fitting: Any, options: dict[str, Any]) -> Any:
    others = [name for name in files if not name.endswith(".json")]
    if others:
        raise FitError(f"{others[0]} is no FIT.json: to fit a recording, name models, --model adex --model lif")
    if not options["data"]:
        return fitting.compare_records(files, seed=options["seed"])
    from lapicque import io
    from lapicque.fit.sources import find_distance

    source = click.get_current_context().get_parameter_source("distance_text")
    distance = find_distance(options["distance_text"]) if source is ParameterSource.COMMANDLINE else None
    data = options["data"]
    recording = io.read(data[0] if len(data) == 1 else list(data))
    return fitting.rerun_records(files, recording, distance=distance, seed=options["seed"])


def _fitted(files: tuple[str, ...], options: dict[str, Any]) -> Any:
    from lapicque import fit as fitting
    from lapicque import io
    from lapicque.fit.sources import default_free, find_distance, find_model

    if options["data"]:
        raise FitError("--data is for saved fits, FIT.json: with --model the rest of the recording is the test")
    records = [name for name in files if name.endswith(".json")]
    if records:
        raise FitError(
            f"{records[0]} is a fit that was saved, and --model fits anew: compare saved fits, FIT.json FIT.json, or "
            "name every model by --model and give the recording alone"
        )
    if len(set(options["models"])) < len(options["models"]):
        raise FitError("a model was named twice: name each once")
    distance = find_distance(options["distance_text"])
    neurons = {name: find_model(name) for name in options["models"]}
    recording = io.read(files[0] if len(files) == 1 else list(files))
    train, test = fitting.split_by_time(fitting.trials_of(recording), options["split"])
    fits = {}
    for name, neuron in neurons.items():
        bounds, notices = default_free(neuron, recording, {}, (), only=False)
        for notice in notices:
            click.echo(f"notice: {name}: {notice}", err=True)
        problem = fitting.Problem(neuron, train, free=bounds, distance=distance, seed=options["seed"])
        click.echo(f"fitting {problem.dimension} parameters of {name!r} ...", err=True)
        fits[name] = fitting.minimize(problem, None, options["budget"], options["seed"])
        if fits[name].stopped == "interrupted":
            raise KeyboardInterrupt
    return fitting.compare(fits, test, distance=distance, seed=options["seed"])

"""What a training's report says in numbers and texts: rows of its tables, ready for the page."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from functools import partial
from typing import Any

from torch import nn

from lapicque.reports import mathml
from lapicque.reports import tables as shared
from lapicque.reports.training.material import Material
from lapicque.train.cells import cells_of, neurons_of
from lapicque.train.checks import name_of
from lapicque.train.training.record import settings, versions
from lapicque.train.training.trained import Trained


def subtitle(trained: Trained) -> list[str]:
    """Return what was trained on what, in a few words each."""
    found = [
        f"{trained.parameters:,} numbers learned",
        f"{len(trained.train):,} samples to learn from, {len(trained.test):,} to test",
        f"{len(trained.history)} epoch{'s' * (len(trained.history) != 1)}, {duration(trained.seconds)}",
    ]
    return [trained.recipe.description, *found] if trained.recipe.description else found


def duration(seconds: float) -> str:
    """Return a time for a reader.

    Examples
    --------
    >>> duration(4.21), duration(200), duration(7500)
    ('4.2 s', '3 min 20 s', '2 h 5 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def headlines(trained: Trained) -> list[dict[str, Any]]:
    """Return the numbers of the test and of the training."""
    last = trained.history[-1]
    return [
        {"part": "Test", "name": "test", "loss": last.test_loss, "accuracy": percent(last.test_accuracy)},
        {"part": "Training, last epoch", "name": "train", "loss": last.loss, "accuracy": percent(last.accuracy)},
    ]


def percent(share: float | None) -> str:
    """Return a share for a reader.

    Examples
    --------
    >>> percent(0.93056), percent(None)
    ('93.06 %', '')
    """
    return "" if share is None else f"{100 * share:.2f} %"


def notices(material: Material) -> list[str]:
    """Return what a reader should know before believing the numbers."""
    trained = material.trained
    found = []
    if trained.stopped == "interrupted":
        found.append(f"The training was interrupted after {len(trained.history)} of {trained.recipe.epochs} epochs.")
    if trained.samples is not None:
        found.append(f"At most {trained.samples:,} samples of each part were taken: this was to try something.")
    if not isinstance(material.health, str):
        found += [hint[0].upper() + hint[1:] for hint in material.health.hints]
    return found


def epoch_rows(trained: Trained) -> list[dict[str, Any]]:
    """Return what each epoch reached."""
    return [
        {
            "number": epoch.number,
            "loss": epoch.loss,
            "accuracy": percent(epoch.accuracy),
            "test_loss": epoch.test_loss,
            "test_accuracy": percent(epoch.test_accuracy),
            "silent": ", ".join(f"{name}: {n} of {of}" for name, (n, of) in epoch.silent.items() if n),
            "seconds": epoch.seconds,
        }
        for epoch in trained.history
    ]


def class_rows(material: Material) -> list[dict[str, Any]]:
    """Return how many samples of each class were recognised, and how often it was said."""
    if material.confusion is None:
        return []
    counts = material.confusion
    return [
        {
            "name": name,
            "samples": int(counts[n].sum()),
            "recall": percent(counts[n, n] / counts[n].sum()) if counts[n].sum() else "–",
            "precision": percent(counts[n, n] / counts[:, n].sum()) if counts[:, n].sum() else "–",
        }
        for n, name in enumerate(material.classes)
    ]


def learned_rows(network: nn.Module) -> list[dict[str, str]]:
    """Return the parameters of neurons that were learned: mean and range."""
    rows = []
    for _, layer in neurons_of(network):
        cells = cells_of(layer)
        for name in cells.raw:
            value = getattr(cells, name).detach()
            ends = [shared.significant(float(one)) for one in (value.mean(), value.min(), value.max())]
            constant = cells.model.constants[name]
            unit = "" if str(constant.unit) == "1" else str(constant.unit)
            rows.append(
                {
                    "layer": name_of(layer, network), "symbol": mathml.name_to_mathml(name), "doc": constant.doc,
                    "unit": unit,
                    "mean": ends[0], "range": f"{ends[1]} to {ends[2]}" if value.numel() > 1 else "",
                }
            )  # fmt: skip
    return rows


def models(network: nn.Module) -> list[dict[str, Any]]:
    """Return the neurons of a network, each once, with the layers that have them."""
    found: dict[str, dict[str, Any]] = {}
    for _, layer in neurons_of(network):
        neuron = cells_of(layer).described
        text = repr(neuron)
        one = found.setdefault(text, {"equations": shared.equations(neuron), "text": text, "layers": []})
        one["layers"].append(name_of(layer, network))
    return list(found.values())


def facts(trained: Trained) -> list[tuple[str, list[str]]]:
    """Return what the training depends on: label -> lines."""
    recipe, asked = trained.recipe, settings(trained)
    steps, threads = trained.train.number_of_batches(), asked["threads"]
    penalties = (f"layer {name}: {weight:g} {one!r}" for name, (weight, one) in recipe.penalties.items())
    rows = [
        ("Recipe", [recipe.name, *([recipe.reference] if recipe.reference else [])]),
        ("Data", [repr(part.samples) for part in (trained.train, trained.test)]),
        ("Loss", [repr(recipe.loss), *penalties]),
        ("Epochs", [f"{asked['epochs']} of {steps} batches of {asked['batch']} samples"]),
        ("Optimiser", _optimiser(trained)),
        ("Gradients", [f"clipped to a norm of {recipe.clip:g}"] if recipe.clip else []),
        ("Seed", [str(asked["seed"])]),
        ("Time", [
            f"{duration(trained.seconds)}; the recipe says {duration(60 * recipe.minutes)}",
            f"{asked['device']}, {threads} thread{'s' * (threads != 1)}",
        ]),
        ("Versions", [", ".join(f"{name} {value}" for name, value in versions().items())]),
    ]  # fmt: skip
    return [(name, lines) for name, lines in rows if lines]


def _optimiser(trained: Trained) -> list[str]:
    """Return the optimiser with what it has been told, and the schedule of its rates."""
    made = trained.recipe.optimiser(trained.network)
    groups = [
        ", ".join(f"{name}={value}" for name, value in group.items() if name != "params" and value not in (None, False))
        for group in made.param_groups
    ]
    lines = [f"{type(made).__name__}({group})" for group in dict.fromkeys(groups)]
    if trained.recipe.schedule is not None:
        schedule = trained.recipe.schedule(made, trained.recipe.epochs * trained.train.number_of_batches())
        lines.append(f"rates by {type(schedule).__name__}, a step after each batch")
    return lines


def sources(trained: Trained) -> str:
    """Return the functions of a recipe as they were written, where that is known."""
    recipe = trained.recipe
    found = []
    for name in ("data", "network", "loss", "encode", "augment", "optimiser", "schedule"):
        function = getattr(recipe, name)
        text = _source(function.func if isinstance(function, partial) else function)
        if text and text not in found:
            found.append(text)
    return "\n\n".join(found)


def _source(function: Callable[..., Any] | None) -> str:
    if not inspect.isfunction(function):
        return ""
    try:
        return textwrap.dedent(inspect.getsource(function)).strip()
    except (OSError, TypeError):  # typed into a console
        return ""


def run_code(trained: Trained) -> str:
    """Return Python that trains the network again."""
    from lapicque.train import recipes

    name = trained.recipe.name.replace("-", "_")
    known = name in recipes.__all__
    asked = settings(trained)
    given = "".join(f", {what}={asked[what]}" for what in ("epochs", "batch", "seed", "samples") if asked[what])
    lines = ["import torch", "import lapicque as lq", "", f"torch.set_num_threads({asked['threads']})"]
    lines += [f"recipe = lq.train.recipes.{name}"] if known else ["# recipe: see below"]
    return "\n".join([*lines, f"found = lq.train.run(recipe{given})"])

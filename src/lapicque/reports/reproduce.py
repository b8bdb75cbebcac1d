"""Code that makes a fit again, and code that uses what it found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lapicque.fit.free import NUISANCES
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.objectives import Several
from lapicque.fit.problem import Problem
from lapicque.fit.record import model_to_dict, with_unit
from lapicque.fit.recording import Recording
from lapicque.fit.search import Candidate, Fit
from lapicque.fit.trial import Trial
from lapicque.model.neuron import Neuron

#: Why a search ended, for a reader.
STOPPED = {
    "budget": "the budget was used up",
    "patience": "no better candidate came for a while",
    "interrupted": "it was interrupted",
    "done": "the optimiser had nothing left to try",
}


def neuron_code(neuron: Neuron, name: str = "neuron") -> str:
    """Return Python that makes a neuron with its values, without the file that it came from.

    Examples
    --------
    >>> import lapicque as lq
    >>> scope = {"lq": lq}
    >>> exec(neuron_code(lq.neurons.adex), scope)
    >>> scope["neuron"] == lq.neurons.adex
    True
    """
    model = model_to_dict(neuron)
    events = dict(model["events"])
    spike = events.pop("spike", {})
    values = {n: _literal(**p) for n, p in model["parameters"].items()}
    lines = [f"{name} = lq.Neuron(", f"    {_text(model['equations'])},"]
    lines += [f"    {part}={text!r}," for part, text in spike.items() if text is not None]
    if events:
        made = ", ".join(
            f"{n!r}: lq.Event({', '.join(f'{k}={v!r}' for k, v in e.items() if v is not None)})"
            for n, e in events.items()
        )
        lines.append(f"    events={{{made}}},")
    lines += ["    parameters=dict(", *(f"        {n}={v}," for n, v in values.items()), "    ),"]
    if model["initial"]:
        initial = {n: _literal(**v) if isinstance(v, dict) else repr(v) for n, v in model["initial"].items()}
        lines.append(f"    initial=dict({', '.join(f'{n}={v}' for n, v in initial.items())}),")
    lines += [f"    name={model['name']!r},", ")"]
    return "\n".join(lines)


def fit_code(fit: Fit | ParetoFront, train: Sequence[Trial], recording: Recording | None) -> str:
    """Return Python that runs the search again; the recording is read from where it was."""
    problem = fit.cell if isinstance(fit, Fit) else fit.problem
    assert isinstance(problem, Problem)
    source = recording.source if recording is not None and recording.source else "RECORDING"
    lines = [
        "import lapicque as lq",
        "",
        "# with the options that it was read with",
        f"recording = lq.io.read({source!r})",
        "trials = {trial.label: trial for trial in lq.fit.trials_of(recording)}",
        "train = [",
        *(f"    trials[{t.label!r}].within({t.window[0]!r}, {t.window[1]!r}),{_own(t)}" for t in train),
        "]",
        "problem = lq.fit.Problem(",
        "    model,  # before the fit",
        "    train,",
        "    free=dict(",
        *(
            f"        {f.name}=({_literal(f.low, str(f.unit))}, {_literal(f.high, str(f.unit))}, {f.scale!r}),"
            for f in problem.free
        ),
        "    ),",
        f"    {_objective(fit)},",
        f"    dt='{problem.dt!r} ms',",
        f"    method={problem.scheme!r},",
        f"    repeats={problem.repeats},",
        f"    seed={problem.seed},",
        f"    precision={problem.precision!r},",
        ")",
        search_code(fit),
    ]
    return "\n".join(lines)


def search_code(found: Fit | ParetoFront) -> str:
    """Return Python that runs the search of a problem again."""
    call = "found = lq.fit.minimize" if isinstance(found, Fit) else "front = lq.fit.pareto"
    optimizer = f"    lq.optimizers.{found.optimizer!r},"
    return "\n".join(
        [f"{call}(", "    problem,", optimizer, f"    budget={found.budget},", f"    seed={found.seed},", ")"]
    )


def use_code(fit: Candidate) -> str:
    """Return Python that runs the fitted neuron."""
    driven = fit.cell.driven
    values = {name: found for name, found in fit.parameters.items() if name in NUISANCES}
    lines = []
    if "input_scale" in values or "input_offset" in values:
        scale = f"{values['input_scale'].value!r}*" if "input_scale" in values else ""
        offset = f" + {values['input_offset'].value!r}" if "input_offset" in values else ""
        lines.append(f"stimulus = {scale}stimulus{offset}  # input_scale, input_offset")
    lines.append(
        f"answer = lq.simulate(\n    neuron, len(stimulus)*{fit.cell.dt!r}, dt='{fit.cell.dt!r} ms', "
        f"inputs={{{driven!r}: stimulus}},\n    method={fit.cell.scheme!r}, precision={fit.cell.precision!r}, "
        f"seed={fit.cell.seed},\n)"
    )
    delay = f" + {values['delay'].value!r}" if "delay" in values else ""
    lines.append(f"answer.spikes.times{delay}  # ms")
    return "\n".join(lines)


def _own(trial: Trial) -> str:
    """Return a comment on what is particular to a trial."""
    notes = [f"weight {trial.weight:g}"] if trial.weight != 1 else []
    notes += [f"{trial.distance!r}"] if trial.distance is not None else []
    return f"  # with {', '.join(notes)}" if notes else ""


def _literal(value: Any, unit: str) -> str:
    """Return a number or a list with its unit as Python."""
    return f"{value!r} * lq.units.parse_unit({unit!r})" if isinstance(value, list) else repr(with_unit(value, unit))


def _objective(fit: Fit | ParetoFront) -> str:
    problem: Any = fit.problem
    objective = problem.objective
    if isinstance(objective, Several):
        return f"objective=[{', '.join(map(_term, objective.objectives))}]"
    distance = getattr(objective, "distance", None)
    if distance is not None and objective == type(objective)(distance):
        return f"distance=lq.distances.{distance!r}"
    return f"objective={_term(objective)}"


def _term(objective: Any) -> str:
    """Return an objective as code; a weighted sum as what was added up."""
    if not hasattr(objective, "terms"):
        return f"lq.fit.{_with_path(repr(objective))}"
    return " + ".join(f"{weight!r}*lq.fit.{_with_path(repr(term))}" for weight, term in objective.terms)


def _with_path(text: str) -> str:
    return text.replace("distance=", "distance=lq.distances.")


def _text(equations: str) -> str:
    """Return a text as a literal on several lines where that is possible."""
    if '"""' in equations or "\\" in equations or equations.endswith('"'):
        return repr(equations)
    return f'"""{equations}"""'

"""Third parties of projections: which neurons they are, and whether their names are clear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lapicque.errors import SimulationError
from lapicque.model.projection_rules import meanings
from lapicque.model.synapse import Synapse
from lapicque.model.synapse_variables import expressions
from lapicque.network.population import Selection, selection


def modulators(given: Mapping[str, Any] | None, target: Selection) -> dict[str, Selection]:
    """Return the third parties by name: one neuron, or as many as targets.

    Raises
    ------
    SimulationError
    """
    if given is not None and not isinstance(given, Mapping):
        raise SimulationError(
            f"modulators maps names to populations, modulators=dict(dopamine=population): {type(given).__name__} "
            "does not"
        )
    found = {}
    for name, value in (given or {}).items():
        if not isinstance(name, str) or not name.isidentifier() or name in ("pre", "post", "every"):
            raise SimulationError(
                f"modulators: {name!r} is no name for one: letters and digits, but not 'pre', 'post' or 'every'"
            )
        third = selection(value, f"the modulator {name!r}")
        if len(third) not in (1, len(target)):
            raise SimulationError(
                f"the modulator {name!r} has {len(third)} neurons: one, which all synapses share, or {len(target)}, "
                "one for each target, are expected"
            )
        found[name] = third
    return found


def check_modulators(synapse: Synapse, source: Selection, target: Selection, thirds: Mapping[str, Selection]) -> None:
    """Code uses each modulator, and each name that it reads means one thing.

    Raises
    ------
    SimulationError
    """
    read = {node.id for expression in expressions(synapse) for node in expression.names()}
    read |= {statement.target for pathway in synapse.pathways for statement in pathway.written}
    ends = source.population.model, target.population.model
    others = meanings(synapse, *ends)
    owners: dict[str, str] = {}
    for name, third in thirds.items():
        variables = {} if third.population.model is None else third.population.model.variables
        names = {f"{variable}_{name}": variable for variable in variables}
        for known in sorted(read & set(names)):
            if known in others or known in owners:
                first = f"{known!r} is {_what(known, others, owners)}"
                raise SimulationError(
                    f"{first}, and would be {names[known]!r} of the modulator {name!r} as well: call the modulator "
                    "by another name"
                )
            owners[known] = name
        if not read & set(names) and all(pathway.at != name for pathway in synapse.pathways):
            example = next((n for n, v in variables.items() if v.kind != "parameter"), None)
            how = f"code reads its variables, such as '{example}_{name}', and runs" if example else "code runs"
            raise SimulationError(
                f"the synapse {synapse.name!r} does not use the modulator {name!r}: {how} at its events, "
                f"lq.On({name!r}, code)"
            )


def _what(name: str, others: Mapping[str, Any], owners: Mapping[str, str]) -> str:
    if name in owners:
        return f"a variable of the modulator {owners[name]!r}"
    owner = {"synapse": "of the synapse", "post": "of the target", "pre": "of the source"}
    return f"a variable {owner.get(others[name].owner, 'already')}"

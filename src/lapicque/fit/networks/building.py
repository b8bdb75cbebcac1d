"""Networks of candidates: what is whole, how wirings are drawn, and what a function of the user's returns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from lapicque.errors import FitError, suggest
from lapicque.model.stimulus import PoissonInput
from lapicque.network.connectivity.degrees import FixedProbability
from lapicque.network.network import Network
from lapicque.simulation.variation import Place, place_of, varied


def nested(network: Network, free: Collection[str]) -> Network:
    """Let wirings with different free probabilities contain each other."""
    changes = {}
    for name in free:
        place = place_of(network, name)
        if place.kind == "rule" and isinstance(rule := network.projections[place.owner].where, FixedProbability):
            changes[f"{place.owner}.where"] = replace(rule, nested=True)
    return varied(network, changes) if changes else network


def counts(network: Network, place: Place) -> bool:
    """Say whether a number of a network counts something, so that it is whole."""
    if place.kind == "rule":
        return isinstance(getattr(network.projections[place.owner].where, place.name), int)
    return (
        place.kind == "stimulus"
        and place.name == "n"
        and isinstance(network.stimulations[place.owner].stimulus, PoissonInput)
    )


def built(function: Callable[..., Any], name: str, values: Mapping[str, Any], recorders: Collection[str]) -> Network:
    """Return the network that a function makes of some values.

    Raises
    ------
    FitError
        If it is none, or lacks a recorder of the data.
    """
    shown = ", ".join(f"{key}={value}" for key, value in values.items())
    try:
        made = function(**values)
    except Exception as error:
        error.add_note(f"in {name}({shown}), which makes the network of a candidate")
        raise
    if not isinstance(made, Network):
        raise FitError(f"{name} returned {type(made).__name__}: a Network is expected")
    for recorder in recorders:
        if recorder not in made.recorders or "spikes" not in made.recorders[recorder].variables:
            raise FitError(
                f"the network of {name}({shown}) records no spikes as {recorder!r}{suggest(recorder, made.recorders)}: "
                "all candidates need the recorders of the data"
            )
    return made

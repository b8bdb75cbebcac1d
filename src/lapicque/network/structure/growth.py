"""New synapses between pairs that have none, by distance and activity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lapicque.network.structure.rule import KHZ, UM, Change, Rule, check_sides, positive

if TYPE_CHECKING:
    from lapicque.network.projection import Projection
    from lapicque.simulation.restructuring import StructureView

#: Synapses that a pair would get in an interval, of which more make no difference.
SURE = 10.0


@dataclass(frozen=True, repr=False)
class Growth(Rule):
    """Adds synapses by chance; see `growth`."""

    rate: Any
    reach: Any = None
    pre: str | None = None
    post: str | None = None
    autapses: bool = False

    def check(self, projection: Projection) -> None:
        """Both sides have what is read of them."""
        check_sides(projection, self.pre, self.post, self.reach)
        self._rate()

    def _rate(self) -> float:
        return positive(self.rate, KHZ, "rate")

    def change(self, view: StructureView) -> Change:
        """Return new synapses between pairs that have none."""
        before, behind = (
            np.ones(n) if name is None else np.maximum(read(name), 0.0)
            for n, name, read in zip(view.shape, (self.pre, self.post), (view.pre, view.post), strict=True)
        )
        most = before.max(initial=0.0) * behind.max(initial=0.0)
        expected = min(self._rate() * view.interval * most, SURE)
        if not expected > 0:
            return Change()
        count = view.random.poisson(view.shape[0] * view.shape[1] * expected)
        sources, targets = (view.random.integers(n, size=count) for n in view.shape)
        rates = self._rate() * view.interval * before[sources] * behind[targets]
        if self.reach is not None:
            rates *= np.exp(-((view.distance(sources, targets) / positive(self.reach, UM, "reach")) ** 2))
        found = view.random.random(count) * expected < rates
        sources, targets = view.free(sources[found], targets[found], self.autapses)
        return Change(sources=sources, targets=targets)


def growth(
    rate: Any, reach: Any = None, pre: str | None = None, post: str | None = None, autapses: bool = False
) -> Growth:
    """Add synapses by chance, between pairs of neurons that have none: candidates, of which learning makes something.

    A pair gets one at the rate ``rate * pre * post * exp(-(d/reach)**2)``. With the weight 0 new synapses are silent:
    spikes go through them for the learning rule alone.

    Parameters
    ----------
    rate : quantity
        For each pair of neurons.
    reach : quantity, optional
        Length after which contacts become rare; both sides need positions.
    pre, post : str, optional
        Dimensionless states of the neurons of both sides, the activity of each: ``"calcium"``. Negative ones count 0.
    autapses : bool

    Raises
    ------
    SimulationError, UnitError
        When restructured, if the rate is none, or the neurons have no such state.

    Examples
    --------
    >>> growth("0.1 Hz", reach="100 um", pre="calcium", post="calcium")
    growth(rate='0.1 Hz', reach='100 um', pre='calcium', post='calcium')
    """
    return Growth(rate, reach, pre, post, bool(autapses))

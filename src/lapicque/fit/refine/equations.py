"""Sensitivity equations: how a neuron's states and spike times move with its parameters, derived from its symbols.

Between events a state x moves with a parameter theta by S = dx/dtheta, where ``dS/dt = J S + df/dtheta``. At a spike
the time moves by ``dt*/dtheta = -(grad g . S + dg/dtheta)/(dg/dt)``, and S jumps by the saltation matrix. The result is
another `Hybrid`, the neuron with its sensitivities as further states, which compiles as any neuron does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import sympy as sp

from lapicque.errors import FitError, ModelError
from lapicque.model.calculus.jacobian import derivative, rates, tidy
from lapicque.model.calculus.refusals import refuse_chance, refuse_event, refuse_steps_of_flow
from lapicque.model.hybrid import Guard, Hybrid, HybridEvent, Jump
from lapicque.model.neuron import Neuron
from lapicque.model.symbols import floor, symbol, where

DT, FREE, SINCE, FRESH = symbol("dt"), symbol("not_refractory"), symbol("_since_spike"), symbol("_fresh")
SLOPE = symbol("_slope")
SLOW, RESOLVED = sp.Float(0.01), sp.Float(2.0)  # growth in a step: what an upstroke is seen by, and what ends it


def sensitivity(x: sp.Symbol | str, theta: sp.Symbol | str) -> sp.Symbol:
    """Return the symbol of dx/dtheta."""
    return symbol(f"_d_{x}_by_{theta}")


def timing(theta: sp.Symbol | str) -> sp.Symbol:
    """Return the symbol of how the last spike's time moves with a parameter."""
    return symbol(f"_time_by_{theta}")


def with_sensitivities(
    neuron: Neuron, system: Hybrid, parameters: Sequence[sp.Symbol], forced: sp.Symbol | None = None
) -> Hybrid:
    """Return a neuron with its sensitivities ``_d_x_by_theta`` as further states.

    From a spike on, ``_time_by_theta`` is the derivative of that spike's time.

    Parameters
    ----------
    neuron : Neuron
        For its name in errors.
    system : Hybrid
        What the neuron means, with what a problem adds to it.
    parameters : symbols of the system, by which it is differentiated
    forced : symbol, optional
        Of an input that resets the neuron in the steps in which it is 1, in place of its own threshold (teacher
        forcing): the times of spikes are given then and do not move.

    Raises
    ------
    FitError
        If the neuron has no such derivatives: noise, hazard rates, steps, several kinds of events.

    Examples
    --------
    >>> from lapicque.neurons import lif
    >>> found = with_sensitivities(lif, Hybrid.of(lif), [symbol("c_m")])
    >>> found.flow[sensitivity("v", "c_m")]
    -_d_v_by_c_m*g_l/c_m - (g_l*(e_l - v) + i_ext)/c_m**2
    """
    try:
        refuse_chance(system)
        refuse_steps_of_flow(dict(system.flow))
        for event in system.events:
            refuse_event(system, event)
    except ModelError as error:
        raise FitError(f"{neuron.name!r} has no sensitivity equations: {error}") from None
    others = [event.name for event in system.events if event.name != "spike"]
    if others:
        raise FitError(
            f"{neuron.name!r} has no sensitivity equations: besides spikes it has the event {others[0]!r}; refine it "
            "without derivatives, lq.fit.pattern()"
        )
    return _Deriving(neuron, system, tuple(parameters), forced).derive()


class _Deriving:
    def __init__(self, neuron: Neuron, system: Hybrid, parameters: tuple[sp.Symbol, ...], forced: sp.Symbol | None):
        self.neuron, self.system, self.parameters, self.forced = neuron, system, parameters, forced
        self.flow = rates(system)
        self.spike = next((e for e in system.events if e.name == "spike"), None)
        self.period = self.spike.refractory_time if self.spike else None
        held = rates(system, refractory=True)
        #: state -> refractory flow minus free flow: what the end of refractoriness changes
        self.released = {x: tidy(held[x] - f) for x, f in self.flow.items() if held[x] != f} if self.period else {}
        self.held = held
        self.after = self._after()
        self.maps = dict(system.maps)
        self.growth = self._growth()

    def derive(self) -> Hybrid:
        """Return the system with its sensitivities."""
        system = self.system
        flow, held = dict(system.flow), set(system.held)
        for theta in self.parameters:
            for x, f in system.flow.items():
                s = sensitivity(x, theta)
                flow[s] = where(self._slow(RESOLVED), self._carried(f, theta), sp.Integer(0))
                if x in system.held:
                    held.add(s)
        events = self._events()
        written = {jump.target for event in events for jump in event.jumps}
        maps = self.maps | {x: x for x in sorted(written - {*flow, *self.maps}, key=str)}
        return replace(
            system,
            states=(*flow, *maps),
            flow=flow,
            maps=maps,
            held=frozenset(held),
            inputs=(*system.inputs, self.forced) if self.forced is not None else system.inputs,
            events=events,
        )

    def _carried(self, f: sp.Expr, theta: sp.Symbol) -> sp.Expr:
        """Return the total derivative of an expression of states: J S + df/dtheta."""
        parts = [derivative(f, y) * sensitivity(y, theta) for y in self.flow]
        return sp.Add(*parts, derivative(f, theta))

    def _after(self) -> dict[sp.Symbol, sp.Expr]:
        """Return the states after the statements of the reset, each of which reads what those before it wrote."""
        after: dict[sp.Symbol, sp.Expr] = {x: x for x in self.flow}
        status = {FREE: sp.false if self.released else sp.true}
        for jump in self.spike.jumps if self.spike else ():
            after[jump.target] = sp.sympify(jump.expression).xreplace(status).xreplace(after)
        return after

    # -- the upstroke ------------------------------------------------------------------------------------------------

    def _margin(self) -> sp.Expr:
        assert self.spike is not None
        assert self.spike.guard.margin is not None
        return self.spike.guard.margin.xreplace({FREE: sp.true})

    def _slope(self) -> sp.Expr:
        """Return the margin's derivative in time."""
        margin = self._margin()
        return sp.Add(derivative(margin, symbol("t")), *(derivative(margin, x) * f for x, f in self.flow.items()))

    def _growth(self) -> sp.Expr | None:
        """Return how fast differences grow in an upstroke that ends with a reset; None where there is none.

        The upstroke of an exponential or quadratic neuron speeds up until a step takes it anywhere beyond its peak:
        there neither slope nor sensitivity are those of the equations. Their ratio, which is the time, is known before
        that, and as the trajectory repeats itself, only later, the ratio stays.
        """
        if self.spike is None or not self.spike.jumps:
            return None
        gradient = {x: d for x in self.flow if (d := derivative(self._margin(), x)) != 0}
        if any(derivative(self.after[x], y) != 0 for x in gradient for y in gradient):
            return None  # what passes the threshold outlives the spike
        rate = sp.Add(*(derivative(self.flow[x], x) for x in gradient)) / len(gradient)
        if not rate.free_symbols & set(self.flow):
            return None
        # after a spike the first free step counts in any case: a reset may lie in the upstroke
        self.maps[FRESH] = where(FREE, sp.Integer(1), FRESH) if self.released else sp.Integer(1)
        return rate

    def _slow(self, most: sp.Expr) -> sp.Expr:
        """Return the condition that differences grow by less than a factor in a step, or that it is the first one."""
        if self.growth is None:
            return sp.true
        slow = sp.Lt(self.growth * DT, most, evaluate=False)
        return sp.Or(slow, sp.Lt(FRESH, sp.Rational(1, 2), evaluate=False), evaluate=False)

    def _slope_before(self) -> sp.Expr:
        """Return the slope with which a spike's margin grows.

        In an upstroke it is carried on by the same linear steps as the sensitivities, as a shift in time is: what a
        step does wrong to one it does to the other, and their ratio is right.
        """
        slope = self._slope()
        if self.growth is None:
            return slope
        last = {u: symbol(f"_last_{u}") for u in self.system.inputs}
        self.maps.update({kept: u for u, kept in last.items()})
        carried = SLOPE + tidy(slope - slope.xreplace(last))  # the input has changed
        now = where(self._slow(SLOW), slope, carried) * (1 + DT * self.growth)
        self.maps[SLOPE] = where(self._slow(RESOLVED), now, SLOPE)
        return SLOPE

    def _rate_before(self, y: sp.Symbol) -> sp.Expr:
        """Return the rate of a state before a spike: now, or at the end of the last step that was resolved."""
        if self.growth is None:
            return self.flow[y]
        kept = symbol(f"_rate_{y}")
        self.maps[kept] = where(self._slow(RESOLVED), self.flow[y], kept)
        return kept

    # -- events ------------------------------------------------------------------------------------------------------

    def _events(self) -> tuple[HybridEvent, ...]:
        if self.spike is None:
            return ()
        guard, jumps = self.spike.guard, []
        if self.forced is not None:
            margin = self.forced - sp.Rational(1, 2)
            guard = Guard(margin, True, None, sp.Gt(self.forced, sp.Rational(1, 2), evaluate=False), ())
        else:
            slope = self._slope_before()
            steep = sp.Gt(slope, 0, evaluate=False)
            for theta in self.parameters:
                time = where(steep, -self._carried(self._margin(), theta) / slope, sp.Integer(0))
                jumps.append(Jump(timing(theta), time))
        jumps += self._saltation() if self.spike.jumps else []
        jumps += [Jump(FRESH, sp.Integer(0))] if self.growth is not None else []
        jumps += [Jump(SINCE, sp.Integer(0))] if self.released else []
        spike = replace(self.spike, guard=guard, jumps=(*jumps, *self.spike.jumps))
        return (spike, self._release()) if self.released else (spike,)

    def _saltation(self) -> list[Jump]:
        """Return what a spike does to the sensitivities, all of the state before it."""
        jumps = []
        for x, value in self.after.items():
            moved = sp.Integer(0)
            if self.forced is None:
                moved = self.flow[x].xreplace(self.after)
                if x in self.released:  # less than two steps hold nothing
                    nothing = sp.Lt(self._steps(), 2, evaluate=False)
                    moved = where(nothing, moved, self.held[x].xreplace(self.after))
                moved -= derivative(value, symbol("t"))
                for y in self.flow:
                    carried = derivative(value, y)
                    if carried != 0:
                        moved -= carried * self._rate_before(y)
            for theta in self.parameters:
                jumps.append(Jump(sensitivity(x, theta), self._carried(value, theta) - moved * timing(theta)))
        ordered: list[Jump] = []
        while jumps:
            free = [j for j in jumps if not any(j.target in k.expression.free_symbols for k in jumps if k is not j)]
            if not free:
                raise FitError(f"{self.neuron.name!r} has no sensitivity equations: its reset exchanges states")
            ordered.append(free[0])
            jumps.remove(free[0])
        return ordered

    def _steps(self) -> sp.Expr:
        """Return after how many steps the neuron is free again."""
        assert self.period is not None
        return floor(self.period / DT + sp.Rational(1, 1000))

    def _release(self) -> HybridEvent:
        """Return the end of the last step in which the neuron is held, whose time moves with the spike's."""
        self.maps[SINCE] = SINCE + DT
        late = SINCE - (self._steps() - sp.Rational(3, 2)) * DT
        gate = sp.Lt(SINCE, (self._steps() - sp.Rational(1, 2)) * DT, evaluate=False)
        guard = Guard(late, True, None, sp.Gt(late, 0, evaluate=False), (gate,))
        jumps = []
        for x, change in self.released.items():
            for theta in self.parameters:
                time = derivative(sp.sympify(self.period), theta) + (timing(theta) if self.forced is None else 0)
                jumps += [Jump(sensitivity(x, theta), sensitivity(x, theta) + change * time)] if time != 0 else []
        return HybridEvent("_release", guard, tuple(jumps))

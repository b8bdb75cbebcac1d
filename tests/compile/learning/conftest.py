"""Networks that learn, run by the interpreter and by compiled code with 1, 2 and 3 threads; rules that are drawn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lapicque as lq

#: Who runs a network.
WAYS = {"reference": {"reference": True}, **{f"threads {n}": {"threads": n} for n in (1, 2, 3)}}

#: Pure numbers throughout: ``v`` holds while refractory, plateaus come between rest and threshold.
CELL = lq.Neuron(
    """
    dv/dt = (drive - v + g + u)/tau_m : 1 (unless refractory)
    dg/dt = -g/(5*ms) : 1
    dq/dt = -q/(9*ms) : 1
    u : 1 (input)
    drive : 1
    tau_m : ms
    level = v + 0.5*g : 1
    """,
    threshold="v > 1",
    reset="v = 0; q += 1",
    refractory="2 ms",
    events={"plateau": lq.Event("level > 0.7 and level < 1", reset="q += 0.1", refractory="1.5 ms")},
    output="1 + q",
    parameters=dict(drive=1.05, tau_m="10 ms"),
    name="cell",
)


def trains(rng: Any, n: int, steps: int, count: int) -> list[np.ndarray]:
    """Times of spikes, ms, no two in a step of 0.1 ms."""
    return [np.unique(rng.integers(0, steps, count)) * 0.1 + 0.02 for _ in range(n)]


def outcome(net: Any, duration: Any = "8 ms", **options: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """Run a network; the result, and all that it carries on."""
    with lq.Simulation(net, progress=False, **{"dt": 0.1, "seed": 3, **options}) as sim:
        result = sim.run(duration)
        return result, sim._live.run.state()


def check_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray], what: str = "") -> None:
    """States are the same to the last bit."""
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], f"{name} {what}")


@pytest.fixture
def every_way_alike() -> Callable[..., Any]:
    """Run what a function makes each way, and check that all is the same to the last bit; the interpreter's result."""

    def check(make: Callable[[], Any], duration: Any = "8 ms", **options: Any) -> Any:
        found = {way: outcome(make(), duration, **how, **options) for way, how in WAYS.items()}
        result, state = found["reference"]
        for way, (other, carried) in found.items():
            for name, spikes in result.spikes.items():
                np.testing.assert_array_equal(spikes.times, other.spikes[name].times, f"{name}, {way}")
            for name, trace in result.traces.items():
                np.testing.assert_array_equal(trace.values, other.traces[name].values, f"{name}, {way}")
            check_same(state, carried, way)
        return result

    return check


@pytest.fixture(scope="session", name="outcome")
def outcome_fixture() -> Callable[..., Any]:
    """See `outcome`."""
    return outcome


@pytest.fixture(name="check_same")
def check_same_fixture() -> Callable[..., None]:
    """See `check_same`."""
    return check_same


@pytest.fixture(name="trains")
def trains_fixture() -> Callable[..., Any]:
    """See `trains`."""
    return trains


@pytest.fixture(scope="session")
def cell() -> Any:
    """The neuron of these tests."""
    return CELL


# -- rules that are drawn --------------------------------------------------------------------------------------------


class Rules:
    """Draws a rule from the grammar, and a network that it learns in."""

    def __init__(self, seed: int):
        self.random = np.random.default_rng([seed, 11])

    def one_of(self, *choices: Any) -> Any:
        return choices[self.random.integers(len(choices))]

    def chance(self, p: float) -> bool:
        return bool(self.random.random() < p)

    def expression(self, names: list[str], depth: int = 2) -> str:
        if depth == 0 or self.chance(0.2):
            return self.one_of(*names, *names, f"{self.random.uniform(-1, 1):.3f}")
        a, b = self.expression(names, depth - 1), self.expression(names, depth - 1)
        return self.one_of(
            f"({a} + {b})", f"({a} - {b})", f"({a})*({b})", f"tanh({a})", f"exp(-({a})**2)", f"clip({a}, -1, {b})",
            f"where({a} > {b}, {a}, 0.5)", f"({a})/(1 + ({b})**2)", f"abs({a})",
        )  # fmt: skip

    def statement(self, target: str, names: list[str]) -> str:
        value = f"{self.random.uniform(0.02, 0.3):.3f}*tanh({self.expression(names)})"
        if self.chance(0.3):
            value = f"{value}*{self.one_of('rand()', 'randn()')}"
        return self.one_of(f"{target} += {value}", f"{target} -= {value}", f"{target} = 0.8*{target} + {value}",
                           f"{target} *= 1 - 0.1*tanh({self.expression(names, 1)})")  # fmt: skip

    def equations(self) -> tuple[list[str], list[str], list[str]]:
        """Return equations, names of states, and names that may be read."""
        lines, states = ["w : 1"], ["w"]
        for name in "xyz"[: self.random.integers(1, 4)]:
            follows = self.one_of(*states[1:]) if len(states) > 1 else "b"
            lines.append(self.one_of(
                f"d{name}/dt = -{name}/tau : 1", f"d{name}/dt = (b - {name})/tau_y : 1",
                f"d{name}/dt = ({follows} - {name})/tau : 1", f"{name} : 1",
            ))  # fmt: skip
            states.append(name)
        if self.chance(0.4):
            lines.append(self.one_of(
                "dc/dt = (tanh(v_post + x) - c)/tau : 1 (clock-driven)",
                "dc/dt = -c/tau_y + 0.1*xi*ms**-0.5 : 1 (clock-driven)",
                "dc/dt = c*(1 - c)/tau + 0.1*output*w/ms : 1 (clock-driven)",
                "c[n+1] = 0.9*c + 0.05*g_post + 0.01*x : 1",
                "dc/dt = (level_pre - c**3)/tau : 1 (clock-driven)",
            ))  # fmt: skip
            states.append("c")
        names = [*states, "a", "b", "v_post", "g_post", "level", "v_pre", "g_pre"]
        if self.chance(0.4):
            lines.append(f"s = {self.expression(names)} : 1")
            names.append("s")
        return lines, states, names

    def rule(self, delayed: bool) -> Any:
        lines, states, names = self.equations()
        third = self.one_of([], ["q_teacher", "drive_teacher"])
        every = [*names, *third]

        def code(*more: str) -> str:
            read, count = [*every, *more], int(self.random.integers(1, 4))
            written = [self.one_of(*states, *states, "g_post", "v_post") for _ in range(count)]
            return "; ".join(self.statement(target, read) for target in written)

        back = "" if delayed or self.chance(0.6) else "; q_pre += 0.1*tanh(w)"
        trace = "; x += 0.5" if self.chance(0.5) else ""
        on = {"pre": lq.On("pre", f"{code('output', 'output')}{back}{trace}; w += 0.01")}
        on["post"] = lq.On("post", code() + "".join(f"; {name} -= 0.2" for name in "yz" if name in states))
        chosen = self.random.permutation(5)[: self.random.integers(1, 3)]
        more = [
            ("late", lambda: lq.On("post", code(), delay="0.7 ms")),
            ("burst", lambda: lq.On(self.one_of("pre.plateau", "post.plateau"), code())),
            ("teach", lambda: lq.On(self.one_of("teacher", "teacher.plateau"), code())),
            ("often", lambda: lq.Every(self.one_of("1 ms", "0.7 ms", "step"), code())),
            ("scale", lambda: lq.Every("2 ms", f"w *= 1 + 0.1*tanh({self.one_of('sum', 'mean', 'max')}"
                                       f"({self.expression(names)}, by='{self.one_of('pre', 'post')}'))")),
        ]  # fmt: skip
        for n in sorted(chosen):
            on[more[n][0]] = more[n][1]()
        bounds = {name: self.one_of((-0.5, 1), (None, "top"), ("low", 0.9)) for name in states if self.chance(0.4)}
        used = " ".join([*lines, *(p.code for p in on.values()), str(bounds)])
        known = dict(tau="7 ms", tau_y="4 ms", a=0.5, b=-0.3, top=0.8, low=-0.4)
        parameters = {name: value for name, value in known.items() if name in _words(used)}
        return lq.Synapse("\n".join(lines), on=on, bounds=bounds, parameters=parameters, name="drawn"), used

    def network(self) -> Any:
        net = lq.Network()
        spread = self.random.uniform(1.1, 2, 140)
        cells = net.population(CELL, 140, name="cells", initial=dict(v=lq.uniform(0, 1)), drive=spread)
        listed = net.spikes(trains(self.random, 40, 80, 8), name="list")
        teacher = net.population(CELL, 140, name="teacher", initial=dict(v=lq.uniform(0, 1)), drive=1.5)
        net.connect(listed, cells, on_pre="g += 0.2", where=lq.fixed_in_degree(3), delay="0.5 ms")
        delay = self.one_of("0 ms", "1.3 ms", lq.uniform("0.2 ms", "3 ms"))
        synapse, used = self.rule(not isinstance(delay, str))
        ends = self.one_of((cells, cells), (cells[:90], cells[20:]), (teacher, cells), (cells[[5, 3, 99, 60]], cells))
        given = {
            n: self.one_of(v, lq.uniform(0.1, 0.6)) for n, v in (("a", 0.5), ("top", 0.8)) if n in synapse.parameters
        }
        given = {n: v for n, v in given.items() if not isinstance(v, float)}
        if "top" in given:
            given["top"] = lq.uniform(0.6, 0.9)
        k = int(self.random.integers(2, 9))
        where = self.one_of(lq.fixed_probability(0.06), lq.fixed_in_degree(k), lq.fixed_out_degree(k))
        if "_teacher" in used or "teach" in synapse.on:
            given["modulators"] = dict(teacher=self.one_of(teacher[7:8], teacher[: len(ends[1])]))
        net.connect(*ends, synapse, w=lq.uniform(0, 0.5), where=where, delay=delay, name="drawn", **given)
        hebb = lq.Synapse("dx/dt = -x/(20*ms) : 1", on_pre="x += 1; g += w", on_post="w += 0.02*x")
        net.connect(cells, teacher, hebb, w=0.1, where=lq.fixed_in_degree(3), delay="1 ms", name="plain")
        net.record(cells, "spikes")
        net.record(cells, "v", every="1 ms", name="v")
        net.record(net.projections["drawn"], "w", every="1.7 ms", name="w")
        return net


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


@pytest.fixture
def random_rule() -> Callable[[int], Any]:
    """A network that a seed draws; made anew by each call."""
    return lambda seed: Rules(seed).network()

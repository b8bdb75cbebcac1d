"""Draw the windows and curves of ``learning_rules.md`` from the rules themselves.

    python docs/learning_rules_figures.py [NAME ...]

Each figure is one network: a pair of neurons for every point of a curve. Files: ``docs/_static/rules_NAME.png``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

import lapicque as lq
from lapicque.plot.style import SERIES, tidy

mpl.use("agg")
import matplotlib.pyplot as plt

FOLDER = Path(__file__).parent / "_static"
DT = 0.5
S = lq.synapses

#: Spikes and has plateaus one step after it was told to; holds a voltage, whose spikes have a shape.
CELL = lq.Neuron(
    """
    v = rest + spike + after : mV
    dspike/dt = -spike/(2*ms) : mV
    dafter/dt = -after/(40*ms) : mV
    dgo/dt = 0/ms : 1
    dup/dt = 0/ms : 1
    rest : mV
    """,
    threshold="go > 0.5",
    reset="go = 0; spike = 100*mV; after = 15*mV",
    events=dict(plateau=lq.Event("up > 0.5", reset="up = 0")),
    parameters=dict(rest="-70.6 mV"),
    name="cell",
)


def learned(rules: dict[str, tuple], pre: Any, post: Any, plateaus: Any = (), rest: Any = -70.6, dt: float = DT) -> Any:
    """Return changes of weights by rule: (pair,); a rule is (synapse, weight at the start, modulators)."""
    net = lq.Network()
    source = net.spikes(pre, name="pre")
    target = net.population(CELL, len(post), name="post", rest=rest)
    for variable, trains in (("go", post), ("up", [list(plateaus)] * len(post))):
        told = net.spikes([np.asarray(train, float) - dt for train in trains], name=f"tell_{variable}")
        net.connect(told, target, on_pre=f"{variable}_post += w", w=1.0, where=lq.one_to_one())
    for name, (synapse, w, make) in rules.items():
        thirds = make(net) if callable(make) else make
        net.connect(source, target, synapse, w=w, where=lq.one_to_one(), modulators=thirds, name=name)
    last = max([train[-1] for train in [*pre, *post] if len(train)] + [*plateaus])
    final = lq.simulate(net, last + 3000, dt=dt, progress=False).final
    return {name: final[name]["w"] - w for name, (_, w, _) in rules.items()}


def panels(*titles: str) -> tuple[Any, list]:
    """Return a figure with one row of axes."""
    figure, axes = plt.subplots(1, len(titles), figsize=(2.6 * len(titles) + 0.6, 2.5), layout="constrained")
    for axis, title in zip(np.ravel(axes), titles, strict=True):
        tidy(axis)
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=8)
    return figure, list(np.ravel(axes))


def curve(axis: Any, x: Any, values: dict[str, Any], label: str, below: str) -> None:
    """Draw curves over one axis."""
    for color, (name, y) in zip(SERIES, values.items(), strict=False):
        axis.plot(x, y, color=color, lw=1.3, label=name)
    axis.axhline(0, color="#d9dee3", lw=0.8, zorder=0)
    axis.set_xlabel(below, fontsize=8)
    axis.set_ylabel(label, fontsize=8)
    if len(values) > 1:
        axis.legend(fontsize=7, frameon=False)


LAGS = np.linspace(-60, 60, 61)
LAG = "target after source (ms)"


def pairs(lags: np.ndarray, repeats: int = 1, period: float = 1000.0) -> tuple[list, list]:
    """Return trains of both sides for each lag."""
    base = 100 + period * np.arange(repeats)
    return [base] * len(lags), [base + lag for lag in lags]


def timing() -> Any:
    """Pairs, dependence on the weight, triplets, inhibition."""
    figure, axes = panels("pairs: stdp", "one pair, by the weight", "pairings: triplet_stdp", "inhibitory_stdp")
    pre, post = pairs(LAGS)
    window = learned({"stdp": (S.stdp(1.0), 0.5, None)}, pre, post)
    curve(axes[0], LAGS, window, "change of w/w_max", LAG)
    weights = np.linspace(0.02, 0.98, 25)
    rules = {
        "additive": S.stdp(1.0),
        "multiplicative": S.stdp(1.0, mu_plus=1, mu_minus=1),
        "mu = 0.4": S.stdp(1.0, mu_plus=0.4, mu_minus=0.4),
        "power law": S.stdp_power_law(0.02, eta=0.1, alpha=0.11),
    }
    for color, (name, rule) in zip(SERIES, rules.items(), strict=False):
        for lag, style in ((5.0, "-"), (-5.0, "--")):
            pre, post = pairs(np.full(len(weights), lag))
            change = learned({name: (rule, weights, None)}, pre, post)[name]
            axes[1].plot(weights, change, style, color=color, lw=1.3, label=name if lag > 0 else None)
    axes[1].set_ylim(-0.016, None)
    axes[1].legend(fontsize=7, frameon=False, ncols=2, loc="lower left")
    axes[1].set_xlabel("weight (5 ms before: solid, after: dashed)", fontsize=8)
    rates = np.array([2, 5, 10, 20, 30, 40, 50])
    fit = S.triplet_stdp(1.0)
    found = {}
    for lag in (10.0, -10.0):
        pre = [100 + 1000 / rate * np.arange(60) for rate in rates]
        post = [train + lag for train in pre]
        found[f"{lag:+g} ms"] = learned({"triplet": (fit, 1.0, None)}, pre, post)["triplet"]
    curve(axes[2], rates, found, "change by 60 pairs", "pairs a second")
    pre, post = pairs(LAGS)
    window = learned({"inhibitory": (S.inhibitory_stdp(1.0), 10.0, None)}, pre, post)
    curve(axes[3], LAGS, window, "change of w/eta", LAG)
    return figure


def voltage() -> Any:
    """Rules that read the voltage."""
    figure, axes = panels("clopath, clamped", "abs_rule, clamped", "clopath, 15 pairs")
    volts = np.linspace(-80, -35, 46)
    pre = [100 + 40.0 * np.arange(25)] * len(volts)
    none = [[]] * len(volts)
    rules = {"clopath": (S.clopath(1.0, 30.0), 10.0, None), "abs": (S.abs_rule(1.0, eta="1e-6 / mV**2"), 0.5, None)}
    found = learned(rules, pre, none, rest=volts, dt=0.1)
    curve(axes[0], volts, {"": found["clopath"]}, "change of w/w_0", "voltage (mV)")
    curve(axes[1], volts, {"": found["abs"]}, "change of w/w_max", "voltage (mV)")
    rates = np.array([5, 10, 20, 30, 40, 50])
    found = {}
    for lag in (10.0, -10.0):
        pre = [100 + 1000 / rate * np.arange(15) for rate in rates]
        post = [train + lag for train in pre]
        found[f"{lag:+g} ms"] = learned({"c": (S.clopath(1.0, 30.0), 10.0, None)}, pre, post, dt=0.1)["c"]
    curve(axes[2], rates, found, "change of w/w_0", "pairs a second")
    return figure


def third() -> Any:
    """Rules with a third party."""
    figure, axes = panels("a late reward", "resume", "btsp: one plateau")
    lags = np.arange(0, 3001, 50.0)
    rules = {
        "mstdpet, 25 ms": S.mstdpet(1.0),
        "mstdpet, 500 ms": S.mstdpet(1.0, tau_z="500 ms"),
        "dopamine_stdp": S.dopamine_stdp(1.0, tonic=0, a_plus=0.005, a_minus=0.005),
    }
    found: dict[str, list] = {name: [] for name in rules}
    net = lq.Network()
    source = net.spikes([[100.0]], name="pre")
    post = net.population(CELL, 1, name="post")
    net.connect(net.spikes([[104.5]], name="tell"), post, on_pre="go_post += w", w=1.0)
    for k, lag in enumerate(lags):
        at = dict(at=[105.0 + lag], values=[1.0])
        for number, (name, rule) in enumerate(rules.items()):
            if name.startswith("m"):
                thirds = dict(reward=net.signal(f"reward_{k}_{number}", tau="1 ms", **at))
            else:
                thirds = dict(dopamine=net.signal(f"dopamine_{k}", tau="200 ms", **at))
            net.connect(
                source, post, rule, w=0.0 if name.startswith("m") else 0.5, modulators=thirds, name=f"r{k}_{number}"
            )
    final = lq.simulate(net, 7000, dt=DT, progress=False).final
    for k in range(len(lags)):
        for number, name in enumerate(rules):
            found[name].append(float(final[f"r{k}_{number}"]["w"][0]) - (0.0 if name.startswith("m") else 0.5))
    curve(axes[0], lags / 1000, {name: np.divide(y, max(y)) for name, y in found.items()}, "change (largest 1)",
          "reward after the pair (s)")  # fmt: skip
    pre, post_trains = pairs(LAGS)
    teach = {"teacher's spike": (S.resume(1.0), 0.0, lambda net: dict(teacher=net.spikes(post_trains, name="teacher")))}
    up = learned(teach, pre, [[]] * len(LAGS))["teacher's spike"]
    silent = lambda net: dict(teacher=net.spikes([[]] * len(LAGS), name="nobody"))  # noqa: E731
    down = learned({"r": (S.resume(1.0), 0.0, silent)}, pre, post_trains)["r"]
    curve(axes[1], LAGS, {"teacher's spike": up, "own spike": down}, "change of w/eta", LAG)
    distances = np.linspace(-5000, 5000, 41)
    trains = [6000 - distance + 20.0 * np.arange(25) for distance in distances]  # 500 ms at 50 Hz
    found = {}
    for w in (0.1, 0.5, 0.9):
        rule = {"b": (S.btsp(1.0, a_et=0.1), w, None)}
        found[f"from {w}"] = learned(rule, trains, [[]] * len(trains), plateaus=[6000.0])["b"]
    curve(axes[2], distances / 1000, found, "change of w/w_max", "plateau after the input (s)")
    return figure


def homeostasis() -> Any:
    """Curves of rules that hold something, and of short-term plasticity."""
    figure, axes = panels("bcm_spiking", "fede_stdp", "tsodyks_markram")
    rates = np.array([2.0, 5, 8, 10, 12, 15, 20, 25, 30])
    rng = np.random.default_rng(1)
    steps = 60000
    found = {}
    for theta in (5, 10, 20):
        rule = S.bcm_spiking(1.0, eta=1e-6, r_0="10 Hz", tau_theta="1e9 second").with_(
            initial=dict(theta=f"{theta} Hz")
        )
        post = [DT * 2 * (1 + np.flatnonzero(rng.random(steps // 2) < rate / 1000)) for rate in rates]
        pre = [DT * np.flatnonzero(rng.random(steps) < 0.02)] * len(rates)
        found[f"threshold {theta} Hz"] = 1e6 * learned({"b": (rule, 0.5, None)}, pre, post)["b"] / len(pre[0])
    curve(axes[0], rates, found, "change a spike, of w_max*eta", "rate of the target (Hz)")
    x = np.linspace(0, 1, 50)
    fixed = {f"a = {a}": 0.5 * np.log((np.exp(x) - a) / (np.exp(1 - x) - a)) for a in (0, 0.5)}
    curve(axes[1], x, fixed, "w - w_init that it comes to", "trace of presynaptic spikes")
    train = 20 + np.concatenate([50.0 * np.arange(10), [1000.0]])
    sets = {"depressing": (0.5, "800 ms", None), "facilitating": (0.1, "100 ms", "1 second")}
    net = lq.Network()
    source = net.spikes([train], name="source")
    membrane = lq.Neuron("dz/dt = -z/(15*ms) : 1", name="membrane")
    for name, values in sets.items():
        cell = net.population(membrane, 1, name=name)
        net.connect(source, cell, S.tsodyks_markram(S.instantaneous("z"), *values), w=1.0)
        net.record(cell, "z", name=name)
    traces = lq.simulate(net, 1200, dt=DT, progress=False).traces
    responses = {name: next(t for n, t in traces.items() if n.startswith(name)).values[:, 0] for name in sets}
    curve(axes[2], DT * np.arange(2400), responses, "response", "time (ms)")
    return figure


FIGURES = {"timing": timing, "voltage": voltage, "third": third, "homeostasis": homeostasis}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or FIGURES:
        drawn = FIGURES[chosen]()
        drawn.savefig(FOLDER / f"rules_{chosen}.png", dpi=110)
        print(f"rules_{chosen}.png", (FOLDER / f"rules_{chosen}.png").stat().st_size // 1000, "kB")

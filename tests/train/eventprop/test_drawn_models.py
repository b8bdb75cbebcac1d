"""Models drawn from a seed: 1-4 states, exponential and quadratic terms, additive and state-dependent jumps."""

import numpy as np
import pytest

import lapicque as lq

SEEDS = (*range(18), 24, 28)  # with two states among them


def drawn(seed):
    """Return a neuron and the code of its synapses.

    A state v is driven over its threshold by a constant and by other states, which decay; each of these may be read by
    the flow of v (as a current or a conductance), by the guard and by the reset, and may be driven by v in turn.
    """
    random = np.random.default_rng(seed)
    values: dict[str, float] = {"tau": random.uniform(6, 14), "drive": random.uniform(1.3, 1.7)}
    values |= {"theta": random.uniform(0.9, 1.2), "rest": random.uniform(-0.3, 0.2)}
    flow, guard, reset = "-v + drive", "v > theta", ["v = rest"]
    if random.random() < 0.5:
        values["sharp"] = random.uniform(0.3, 0.5)
        flow += " + 0.2*exp((v - 1)/sharp)"
    if random.random() < 0.5:
        values["bend"] = random.uniform(0.05, 0.2)
        flow += " + bend*v**2"
    draw = random.random()
    if draw < 0.3:
        reset = ["v = rest + 0.3*(v - theta) + 0.1*v"]
    elif draw < 0.6:
        reset = ["v -= 1.1*theta"]
    lines, others = [], [f"x{k}" for k in range(1, int(random.integers(1, 5)))]
    for x in others:
        values[f"tau_{x}"] = random.uniform(3, 9)
        flow += str(random.choice([f" + 0.3*{x}", f" + {x}*(1.5 - v)", f" - 0.05*{x}**2"]))
        pull = f" + 0.2*v*{x} + 0.1*v" if random.random() < 0.4 else ""
        lines.append(f"d{x}/dt = (-{x}{pull})/tau_{x} : 1")
        if random.random() < 0.3:
            guard += f" + 0.1*{x}" + (f" + 0.02*{x}**2" if random.random() < 0.5 else "")
        draw = random.random()
        if draw < 0.3:
            values[f"b_{x}"] = random.uniform(0.1, 0.4)
            reset.append(f"{x} += b_{x}")
        elif draw < 0.6:
            reset.append(f"{x} = 0.6*{x} + 0.1*v")
    held = random.random() < 0.5
    refractory = "t_ref" if held or random.random() < 0.4 else None
    if refractory:
        values["t_ref"] = random.uniform(0.6, 1.4)
    lines.insert(0, f"dv/dt = ({flow})/tau : 1{' (unless refractory)' if held else ''}")
    constants = [f"{name} : {'ms' if name.startswith('t') and name != 'theta' else '1'}" for name in values]
    initial = {"v": random.uniform(-0.2, 0.4)} | {x: random.uniform(0, 0.3) for x in others}
    neuron = lq.Neuron("\n".join(lines + constants), threshold=guard, reset="; ".join(reset), refractory=refractory,
                       parameters=values, initial=initial, name=f"drawn_{seed}")  # fmt: skip
    reached = others[-1] if others and random.random() < 0.7 else "v"
    size = "0.05*w" if reached == "v" else "0.2*w"
    change = size if random.random() < 0.5 else f"{size}*(1.3 - 0.4*{reached}_post + 0.05*v_post**2)"
    code = [f"{reached}_post += {change}"]
    if others and random.random() < 0.4:
        code.append(f"{others[0]}_post += 0.1*w*v_post" if others[0] != reached else "v_post += 0.03*w*(1 - v_post)")
    return neuron, "; ".join(code)


def compare(cases, seed):
    neuron, code = drawn(seed)
    made = cases.module(
        neuron, [(code, 1.0, 0.8)], inputs=2, size=2, outputs=("cells", f"cells.{[*neuron.states][-1]}")
    )
    net = lq.train.EventProp(made, "18 ms", every="6 ms", step="0.05 ms")
    given = cases.spikes(trials=2, inputs=2, count=3, last=14.0, seed=seed)
    times, _ = net(given)
    assert times.isfinite().sum() >= 4, f"seed {seed} is silent"
    found = cases.errors(net, given)
    assert not net.grazed
    count, worst = int(times.isfinite().sum()), max(found, key=found.get)
    print(f"seed {seed}: {len(neuron.states)} states, {net.exact}, {count} spikes, {worst} {found[worst]:.1e}")
    assert max(found.values()) < 1e-4, found


@pytest.mark.crosscheck
def test_gradient_of_a_drawn_model(cases):
    compare(cases, 0)


@pytest.mark.crosscheck
@pytest.mark.parametrize("seed", SEEDS[1:])
def test_gradient_of_more_drawn_models(cases, seed):
    compare(cases, seed)


def test_what_is_drawn():
    """Twenty models have what they are said to have."""
    models = [drawn(seed) for seed in SEEDS]
    text = [neuron.equations for neuron, _ in models]
    assert {len(neuron.states) for neuron, _ in models} == {1, 2, 3, 4}
    for piece in ("exp(", "v**2", "(1.5 - v)", "unless refractory"):
        assert 4 <= sum(piece in t for t in text) <= 16, piece
    assert 4 <= sum("_post**2" in code or "(1 -" in code or "*v_post" in code for _, code in models) <= 16
    assert 4 <= sum(neuron.refractory is None for neuron, _ in models) <= 16
    assert sum("+=" in neuron.reset for neuron, _ in models) >= 4

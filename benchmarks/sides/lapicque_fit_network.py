"""Our side of a round of fitting a network: the losses of all candidates, rates, CV and LV compared with the data's.

The time is that of the public call; kernels are compiled by a few candidates before (set up).
"""

import numpy as np
from serve import serve
from workload_fit_network import DELAY, EXC, FREE, INH, NOISE, P_I, W_I, points

import lapicque as lq
from lapicque.units import ms, mV, pA

NAMES = {"w_ee": "exc->exc.w", "p_ee": "exc->exc.where.p", "w_ei": "exc->inh.w", "p_ei": "exc->inh.where.p"}


def described(workload):
    """Return the network."""
    net = lq.Network()
    exc = net.population(lq.neurons.izhikevich, workload["exc"], name="exc", **EXC)
    inh = net.population(lq.neurons.izhikevich, workload["inh"], name="inh", **INH)
    for source, target, w, p in (
        (exc, exc, 1.0, 0.4),
        (exc, inh, 2.0, 0.5),
        (inh, exc, W_I, P_I),
        (inh, inh, W_I, P_I),
    ):
        net.connect(source, target, on_pre="v += w", where=lq.fixed_probability(p), w=w * mV, delay=DELAY * ms)
    for population in (exc, inh):
        net.stimulate(population, "i_ext", lq.stimuli.white_noise(NOISE[0] * pA, NOISE[1] * pA, tau=1 * ms))
        net.record(population, "spikes")
    return net


def prepare(workload):
    return {name: case(workload, dt) for name, dt in workload["steps"].items()}


def case(workload, dt):
    """Return what evaluates a round with steps of so many milliseconds."""
    net, run = described(workload), dict(dt=dt * ms, method="euler", precision=workload["precision"])
    data = lq.simulate(net, workload["duration"] * ms, seed=1, wiring_seed=1, progress=False, **run).spikes
    problem = lq.fit.NetworkProblem(
        net,
        data,
        {NAMES[name]: (*bounds, "linear") for name, bounds in FREE.items()},
        lq.fit.PopulationStatistics(),
        **run,
    )
    candidates = points(workload)
    problem.losses(candidates[:8])

    def evaluate():
        losses = problem.losses(candidates)
        return {"median_loss": float(np.median(losses)), "rate_hz": rate}

    rate = float(np.mean([problem.respond(point)["exc"].rate().mean() for point in candidates[:16]]))
    return evaluate


if __name__ == "__main__":
    serve(prepare, ["lapicque", "numba", "llvmlite", "numpy"])

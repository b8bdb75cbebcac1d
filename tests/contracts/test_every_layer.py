"""Every neuron with a threshold, of the catalogue and invented here, is a layer with kernels of its own."""

import numpy as np
import pytest
import torch

import lapicque as lq
from lapicque import neurons, train

INVENTED = {
    "slow shadow": lq.Neuron(
        "dv/dt = (i_ext - v - k*u**2)/tau : 1\ndu/dt = (tanh(v) - u)/(5*tau) : 1\ni_ext : 1 (input)",
        threshold="v > 1 + 0.2*u", reset="v -= 1; u += 0.1", parameters=dict(tau="10 ms", k=0.3), name="slow_shadow",
    ),
    "two chambers": lq.Neuron(
        "ds/dt = (e - s + (d - s)*g)/tau : mV (unless refractory)\n"
        "dd/dt = (e - d + (s - d)*g + i_ext)/(2*tau) : mV\ni_ext : mV (input)",
        threshold="s > th and d > e", reset="s = e; d -= 2*mV", refractory="3*ms",
        parameters=dict(tau="15 ms", e="-65 mV", th="-55 mV", g=0.7), initial=dict(s="e", d="e"), name="two_chambers",
    ),
    "ringing map": lq.Neuron(
        "x[n+1] = a*x - b*y + i_ext : 1\ny[n+1] = b*x + a*y : 1\ni_ext : 1 (input)",
        threshold="x > 1", reset="x = 0; y *= 0.5", parameters=dict(a=0.9, b=0.3), name="ringing_map",
    ),
}  # fmt: skip
#: What makes a neuron fire, in the unit of its input, and its step; 900 pA and 0.2 ms of the others.
DRIVE = {
    "izhikevich": (12.0, "0.25 ms"), "hodgkin_huxley": (150.0, "0.02 ms"), "traub": (1500.0, "0.02 ms"),
    "morris_lecar": (1500.0, "0.1 ms"), "gif": (300.0, "0.2 ms"), "adex": (1200.0, "0.1 ms"), "eif": (1200.0, "0.1 ms"),
    "qif": (1200.0, "0.1 ms"), "slow shadow": (3.0, "1 ms"), "two chambers": (40.0, "1 ms"),
    "ringing map": (0.6, "1 ms"),
}  # fmt: skip
NAMES = [*(name for name in neurons.__all__ if getattr(neurons, name).spikes), *INVENTED]


def layer_of(name, **options):
    model = INVENTED.get(name) or getattr(neurons, name)
    scale = None if model.parsed_events[0].reset else "10 mV"
    dt = DRIVE.get(name, (0, "0.2 ms"))[1]
    return train.Spiking(model, dt=dt, input="i_ext", threshold_scale=scale, **options)


@pytest.mark.parametrize("name", NAMES)
def test_it_reports_the_fused_path(name):
    assert "backend fused: kernels for the processor" in repr(layer_of(name))


@pytest.mark.crosscheck
@pytest.mark.parametrize("name", NAMES)
def test_kernels_do_what_torch_operations_do_and_the_simulator(name):
    made = {}
    for backend in ("fused", "torch"):
        layer = layer_of(name, backend=backend)
        torch.manual_seed(1)
        x = (torch.rand(1500, 2, 3, dtype=torch.float64) * 2 * DRIVE.get(name, (900.0,))[0]).requires_grad_()
        torch.manual_seed(2)
        spikes, state = layer(x)
        first = next(iter(state))
        ((spikes * torch.randn(3, dtype=torch.float64)).sum() + state[first].sum()).backward()
        made[backend] = spikes.detach(), x.grad
    (fused, d_fused), (printed, d_printed) = made["fused"], made["torch"]
    assert fused.sum() > 0
    assert torch.equal(fused, printed)
    assert (d_fused - d_printed).norm() <= 1e-6 * d_printed.norm()
    if not layer.code.DRAWS:
        unit = layer.model.variables["i_ext"].unit
        steps, width = len(x), 6
        answer = lq.simulate(
            layer.model, steps * layer.dt, dt=layer.dt, n=width,
            inputs={"i_ext": x.detach().reshape(steps, width).numpy() * (1 if unit.dimensionless else unit)},
        )  # fmt: skip
        simulated = torch.zeros(steps, width, dtype=torch.float64)
        for neuron, times in enumerate(answer.spikes.to_lists()):
            simulated[np.rint(np.asarray(times) / layer.dt).astype(int), neuron] = 1
        assert torch.equal(simulated, fused.reshape(steps, width))

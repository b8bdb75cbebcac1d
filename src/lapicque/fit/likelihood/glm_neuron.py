"""A GLM whose kernels are exponentials as a neuron: filters of the stimulus and traces of spikes are its states."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lapicque.errors import FitError
from lapicque.fit.likelihood.basis import Basis, Exponentials
from lapicque.model.neuron import Neuron

if TYPE_CHECKING:
    from lapicque.fit.likelihood.glm import GLMFit


def glm_neuron(fit: GLMFit) -> Neuron:
    """Return the equations of a GLM, whose simulation at the bins' dt it is.

    Raises
    ------
    FitError
        If its kernels are no exponentials, it listens to other neurons, or counts are Poisson numbers.
    """
    if fit.poisson:
        raise FitError(
            "a model of counts is no neuron, which spikes once in a step: fit with a smaller dt, without poisson="
        )
    if fit.others and fit.coupling is not None:
        raise FitError("the model listens to other neurons: it is part of a network, not a neuron alone")
    area = "ms" if fit.unit == "1" else f"{fit.unit}*ms"
    lines = [f"i_ext : {fit.unit} (input)  # stimulus"]
    parameters: dict[str, Any] = {"constant": fit.parameters["constant"].value, "lambda_0": "1 Hz"}
    terms, jumps = ["constant"], []
    for k, (label, tau) in enumerate(_parts(fit.stimulus), 1):
        lines += [
            f"dx_{k}/dt = i_ext - x_{k}/tau_x_{k} : {area}  # part {k} of the filtered stimulus",
            f"tau_x_{k} : ms  # time constant of that part",
            f"k_{k} : 1/({area})  # its weight in the log rate",
        ]
        parameters |= {f"tau_x_{k}": f"{tau!r} ms", f"k_{k}": fit.parameters[f"stimulus, {label}"].value}
        terms.append(f"k_{k}*x_{k}")
    for k, (label, tau) in enumerate(_parts(fit.history), 1):
        lines += [
            f"dh_{k}/dt = -h_{k}/tau_h_{k} : 1  # part {k} of the history of spikes",
            f"tau_h_{k} : ms  # time constant of that part",
            f"q_{k} : 1  # jump of that part, in the log rate",
        ]
        parameters |= {f"tau_h_{k}": f"{tau!r} ms", f"q_{k}": fit.parameters[f"history, {label}"].value}
        terms.append(f"h_{k}")
        jumps.append(f"h_{k} += q_{k}")
    lines += ["constant : 1  # logarithm of the rate in Hz, without stimulus and spikes", "lambda_0 : Hz  # 1 Hz"]
    if fit.t_ref:
        lines.append("t_ref : ms  # refractory period")
        parameters["t_ref"] = f"{fit.t_ref!r} ms"
    return Neuron(
        "\n".join(lines),
        threshold=f"hazard(lambda_0*exp({' + '.join(terms)}))",
        reset="; ".join(jumps),
        refractory="t_ref" if fit.t_ref else None,
        parameters=parameters,
        reference="Pillow et al. 2008, doi:10.1038/nature07140",
        name="glm",
    )


def _parts(basis: Basis | None) -> list[tuple[str, float]]:
    if basis is None:
        return []
    if not isinstance(basis, Exponentials):
        raise FitError(
            f"kernels of {basis!r} are no states of a neuron: fit with lq.fit.exponentials(...), or run the model by "
            "predict()"
        )
    return list(zip(basis.labels, basis.taus, strict=True))

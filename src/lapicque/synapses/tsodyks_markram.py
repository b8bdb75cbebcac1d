"""Short-term plasticity: resources that spikes use up, and a use that spikes raise."""

from __future__ import annotations

from typing import Any

from lapicque.model import Synapse
from lapicque.synapses.transmitting import only_statement


def tsodyks_markram(synapse: Synapse, use_0: Any = 0.5, tau_d: Any = "800 ms", tau_f: Any = None) -> Synapse:
    """The synapse, whose spikes act by the part of its resources that they release: depression and facilitation.

    A spike first raises the use, ``use += use_0*(1 - use)``, then acts ``use*resources`` times as strongly, and takes
    that much away. Resources recover to 1 with ``tau_d``, the use falls to 0 with ``tau_f``. The first spike after a
    rest acts ``use_0`` times as strongly.

    Parameters
    ----------
    synapse : Synapse
        With one statement in ``on_pre``.
    use_0 : 1
        Part of the resources that a spike after a rest uses.
    tau_d : ms
        Recovery from depression.
    tau_f : ms, optional
        Decay of facilitation; by default there is none, and every spike uses ``use_0``.

    Returns
    -------
    Synapse

    Raises
    ------
    ModelError
        If spikes run no statement or several: rules are put onto this synapse, not this onto them.

    References
    ----------
    .. [1] Tsodyks & Markram 1997, The neural code between neocortical pyramidal neurons depends on neurotransmitter
       release probability, https://doi.org/10.1073/pnas.94.2.719
    .. [2] Tsodyks, Pawelzik & Markram 1998, Neural networks with dynamic synapses,
       https://doi.org/10.1162/089976698300017502

    Examples
    --------
    >>> from lapicque.synapses import exponential
    >>> tsodyks_markram(exponential("5 ms"), use_0=0.5, tau_d="800 ms").on_pre
    'i += w*output*use_0*resources; resources -= use_0*resources'
    >>> tsodyks_markram(exponential("5 ms"), 0.1, "100 ms", "1 second").on_pre
    'use += use_0*(1 - use); i += w*output*use*resources; resources -= use*resources'
    """
    only = only_statement(synapse, "tsodyks_markram()", "put the rule onto it, stdp(...).onto(tsodyks_markram(...))")
    facilitates = tau_f is not None
    used = "use" if facilitates else "use_0"
    lines = [
        synapse.equations.rstrip(),
        "dresources/dt = (1 - resources)/tau_d : 1  # part that can be released",
        "use_0 : 1   # part that a spike after a rest uses",
        "tau_d : ms  # recovery from depression",
    ]
    if facilitates:
        lines += ["duse/dt = -use/tau_f : 1  # part that a spike uses", "tau_f : ms  # decay of facilitation"]
    factor = only.expression.text if _is_product(only.expression.text) else f"({only.expression.text})"
    acting = f"{only.target} {only.operator} {factor}*{used}*resources; resources -= {used}*resources"
    return synapse.with_(
        equations="\n".join(lines),
        on_pre=f"use += use_0*(1 - use); {acting}" if facilitates else acting,
        parameters={**synapse.parameters, "use_0": use_0, "tau_d": tau_d} | ({"tau_f": tau_f} if facilitates else {}),
        initial={**synapse.initial, "resources": 1},
        reference="Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502",
        name=f"tsodyks_markram_{synapse.name}",
    )


def _is_product(text: str) -> bool:
    return not set(text) & set("+-?<>=(, ")

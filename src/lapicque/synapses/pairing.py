"""Which pairs of spikes a rule counts: how its two traces add up, and what a pair uses up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Pairing:
    """Which spikes of the two sides are paired.

    A rule of pairs has a trace of presynaptic spikes, ``pre_trace``, which postsynaptic spikes read, and one of
    postsynaptic spikes, ``post_trace``, which presynaptic spikes read.

    Parameters
    ----------
    sum_pre, sum_post : bool
        Whether a spike adds 1 to the trace of its side, so that earlier spikes count as well, or sets it to 1, so that
        the last one counts alone.
    spend_pre, spend_post : bool
        Whether a trace is 0 after it was read: a spike is then paired with the next one of the other side only.

    Attributes
    ----------
    all_to_all : Pairing
        Every spike with every one of the other side.
    nearest : Pairing
        Every spike with the last one of the other side.
    pre_centred : Pairing
        Every presynaptic spike with the last postsynaptic one, and with the next.
    post_centred : Pairing
        Every postsynaptic spike with the last presynaptic one, and with the next.
    reduced : Pairing
        Only neighbours: a spike with the last one of the other side if none of its own has come between.

    References
    ----------
    .. [1] Morrison, Diesmann & Gerstner 2008, Phenomenological models of synaptic plasticity based on spike timing
       (figure 7), https://doi.org/10.1007/s00422-008-0233-1

    Examples
    --------
    >>> Pairing.all_to_all.on_post("w += a*pre_trace")
    'w += a*pre_trace; post_trace += 1'
    >>> Pairing.pre_centred.on_post("w += a*pre_trace")
    'w += a*pre_trace; pre_trace = 0; post_trace = 1'
    """

    sum_pre: bool = True
    sum_post: bool = True
    spend_pre: bool = False
    spend_post: bool = False

    all_to_all: ClassVar[Pairing]
    nearest: ClassVar[Pairing]
    pre_centred: ClassVar[Pairing]
    post_centred: ClassVar[Pairing]
    reduced: ClassVar[Pairing]

    def on_pre(self, code: str) -> str:
        """Return what a presynaptic spike runs: code that reads ``post_trace``, then the traces."""
        spent = "post_trace = 0; " if self.spend_post else ""
        return f"{code}; {spent}pre_trace {'+=' if self.sum_pre else '='} 1"

    def on_post(self, code: str) -> str:
        """Return what a postsynaptic spike runs: code that reads ``pre_trace``, then the traces."""
        spent = "pre_trace = 0; " if self.spend_pre else ""
        return f"{code}; {spent}post_trace {'+=' if self.sum_post else '='} 1"


Pairing.all_to_all = Pairing()
Pairing.nearest = Pairing(sum_pre=False, sum_post=False)
Pairing.pre_centred = Pairing(sum_post=False, spend_pre=True)
Pairing.post_centred = Pairing(sum_pre=False, spend_post=True)
Pairing.reduced = Pairing(False, False, True, True)

"""White noise: noise without a memory."""

from __future__ import annotations

from typing import Any

from lapicque.model.stimulus import Drive, checked


def white_noise(mean: Any, sd: Any, tau: Any = "1 ms") -> Drive:
    """Noise that is drawn anew in every step, with a strength that does not depend on the step's length.

    It has the power that `ornstein_uhlenbeck` with the same numbers has at low frequencies, at all of them: in each
    step the value is normal with standard deviation sd sqrt(2 tau/dt). Each neuron has noise of its own.

    Parameters
    ----------
    mean, sd : unit of the input, or arrays with one value a neuron
    tau : ms
        The time over which ``sd`` is meant.

    Returns
    -------
    Drive

    References
    ----------
    .. [1] Gerstner, Kistler, Naud & Paninski 2014, Neuronal Dynamics, ch. 8, https://doi.org/10.1017/CBO9781107447615

    Examples
    --------
    >>> white_noise(mean="0 pA", sd="50 pA")
    white_noise(mean=0 pA, sd=50 pA, tau=1 ms)
    """
    return checked(
        Drive(
            "white_noise",
            "mean + sd*sqrt(2*tau/dt)*randn()",
            """
            mean : UNIT (post)
            sd : UNIT (post)
            tau : ms (post)
            """,
            dict(mean=mean, sd=sd, tau=tau),
            reference="Gerstner, Kistler, Naud & Paninski 2014, doi:10.1017/CBO9781107447615",
        )
    )

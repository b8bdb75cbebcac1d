"""What theory says of neurons and networks without a run: rates of noisy cells, mean fields, impedances, bifurcations.

Examples
--------
>>> import lapicque as lq
>>> lq.theory.siegert(mean="22 mV", sigma="5 mV", tau_m="20 ms", v_th="20 mV").round(1)
np.float64(26.4)
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Linear": "linear",
        "MeanField": "mean_field",
        "Onset": "onset",
        "linearise": "linear",
        "mean_field": "mean_field",
        "onset": "onset",
        "siegert": "siegert",
        "siegert_cv": "siegert",
    },
)

"""Reports: what a fit or a training found, as one HTML page.

And what a reproduction reaches beside what was published, as a table.
"""

from lapicque._lazy import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "Merit": "merit",
        "comparison_report": "comparing.page",
        "fit_report": "fit_page",
        "front_report": "fronts.page",
        "gradients_report": "gradients.page",
        "merit_table": "merit",
        "network_report": "networks.page",
        "report": "verb",
        "spike_report": "spike_page",
        "summarize_spikes": "spike_summary",
        "training_report": "training.page",
    },
)

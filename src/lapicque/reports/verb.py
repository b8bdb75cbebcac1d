"""One verb for all pages: what was found says which one it is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lapicque.errors import LapicqueError
from lapicque.fit.fronts import ParetoFront
from lapicque.fit.search import Fit

if TYPE_CHECKING:
    from lapicque.fit.comparing import Comparison as Models
    from lapicque.train.comparison.comparison import Comparison
    from lapicque.train.training.trained import Trained


def report(
    found: Fit | ParetoFront | Models | Trained | Comparison, path: str | os.PathLike[str], **details: Any
) -> Path:
    """Write what was found as one HTML page, which needs nothing else, and its figures beside it.

    Parameters
    ----------
    found : lapicque.fit.Fit, lapicque.fit.ParetoFront, lapicque.fit.Comparison, lapicque.train.Trained, or
        what `lapicque.train.compare_gradients` returns
    path : path
        Of the page; the figures of ``report.html`` are put into ``report-figures`` beside it.
    **details : as of `lapicque.reports.fit_report`, `network_report`, `front_report`, `comparison_report`,
        `training_report` or `gradients_report`

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    LapicqueError
        If it is none of these, or the path is a folder.

    Examples
    --------
    >>> report(3, "three.html")
    Traceback (most recent call last):
        ...
    lapicque.errors.LapicqueError: there are reports of a Fit, ParetoFront, Trained and Comparison, and not of int
    """
    if isinstance(found, Fit):
        from lapicque.fit.networks import NetworkProblem

        if isinstance(found.problem, NetworkProblem):
            from lapicque.reports.networks.page import network_report

            return network_report(found, path, **details)
        from lapicque.reports.fit_page import fit_report

        return fit_report(found, path, **details)
    if isinstance(found, ParetoFront):
        from lapicque.reports.fronts.page import front_report

        return front_report(found, path, **details)
    if type(found).__module__ == "lapicque.fit.comparing":
        from lapicque.fit.comparing import Comparison as Models
        from lapicque.reports.comparing.page import comparison_report

        if isinstance(found, Models):
            return comparison_report(found, path, **details)
    if type(found).__module__.startswith("lapicque.train."):  # asked like this, a fit never loads torch
        from lapicque.reports.training.page import training_report
        from lapicque.train.training.trained import Trained

        if isinstance(found, Trained):
            return training_report(found, path, **details)
        from lapicque.reports.gradients.page import gradients_report
        from lapicque.train.comparison.comparison import Comparison

        if isinstance(found, Comparison):
            return gradients_report(found, path, **details)
    raise LapicqueError(
        f"there are reports of a Fit, ParetoFront, Trained and Comparison, and not of {type(found).__name__}"
    )

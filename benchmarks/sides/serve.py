"""The loop of every side: prepare once, then run a case for each line on standard input.

It is imported by name in the peers' environments too, so it needs nothing but Python.
"""

import json
import os
import sys
import time
import traceback


def serve(prepare, packages):
    """Answer the harness until it closes standard input.

    ``prepare(workload)`` returns ``{case: function}``. A function does the work of its case once. The time is that of
    the call, unless the function returns a dict with ``seconds`` of its own; other entries of the dict (a number of
    spikes, a distance) are reported as the result. ``packages`` are the distributions whose versions are reported.
    """
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints goes to standard error and not between the answers
    answer = _answer(lambda: _prepare(prepare, json.loads(sys.argv[1]), packages))
    cases = answer.pop("functions", {})
    _send(answers, answer)
    for line in sys.stdin:
        _send(answers, _answer(lambda: _time(cases[line.strip()])))  # noqa: B023 - called at once


def _prepare(prepare, workload, packages):
    from importlib.metadata import version

    start = time.perf_counter()
    cases = prepare(workload)
    seconds = time.perf_counter() - start
    return {"functions": cases, "cases": list(cases), "setup": seconds, "versions": {p: version(p) for p in packages}}


def _time(function):
    processor, start = _processor(), time.perf_counter()
    result = function()
    seconds, processor = time.perf_counter() - start, _processor() - processor
    result = dict(result or {})
    return {"seconds": result.pop("seconds", seconds), "processor": processor, "result": result}


def _processor():
    """Processor time of this process and of the children that it has waited for, in seconds."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _answer(function):
    try:
        return function()
    except Exception as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def _send(stream, answer):
    stream.write(json.dumps(answer) + "\n")
    stream.flush()

"""The same script in several precisions and numbers of threads."""

import os
from collections.abc import Sequence

from .side import Side

#: Peers run on one thread and on all: on few cores the one is sometimes faster.
THREADS = tuple(sorted({1, os.cpu_count() or 1}))


def variants(
    name: str,
    script: str,
    peer: str | None = None,
    precisions: Sequence[str] = ("float64",),
    threads: Sequence[int | None] = (None,),
    cases: str = "",
    **options: object,
) -> list[Side]:
    """A side for each precision and number of threads (``None``: its own choice), in the order of both.

    ``cases`` is added to the names where sides with the same variants run different cases; ``options`` go into the
    workload.
    """
    found = []
    for precision in precisions:
        for number in threads:
            words = [f"{name} {precision}" if len(precisions) > 1 else name]
            if number is not None:
                words.append(f"{number} thread{'s' * (number > 1)}")
            if cases:
                words.append(cases)
            given = {**options, "threads": number}
            found.append(Side(", ".join(words), script, peer=peer, options=given, precision=precision))
    return found

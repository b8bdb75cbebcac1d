"""Look at spike trains: statistics and a raster of any file."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("files", nargs=-1, required=True)
@click.option("--key", help="Population, array or group, where a file holds several [all].")
@click.option("--unit", help="Unit of the times, where the file does not say: s, ms, us ...")
@click.option("--rate", help="Sampling rate, where times count samples: 30kHz.")
@click.option("--t-start", help="Begin of the recording, or of the part to look at.")
@click.option("--t-stop", help="End of the recording, or of the part to look at.")
@click.option("--sort", is_flag=True, help="Sort times that are out of order, which else is an error.")
@click.option("--bin", "width", default="50ms", show_default=True, help="For counts in time: Fano, correlation, chi.")
@click.option("--burst-isi", default="10ms", show_default=True, help="Longest interval inside a burst.")
@click.option("--out", type=click.Path(path_type=Path), help="Write a page (.html) or a picture (.png, .svg, .pdf).")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON, and no raster.")
@click.option("--width", "columns", type=click.IntRange(40), help="Columns of the raster [the terminal's].")
@click.option("--height", type=click.IntRange(1), default=20, show_default=True, help="Lines of the raster.")
def spikes(
    files: tuple[str, ...], out: Path | None, as_json: bool, columns: int | None, height: int, width: str,
    burst_isi: str, **options: Any,
) -> None:  # fmt: skip
    """Print statistics and a raster of the spikes in FILES: HDF5, NWB, .npz, .mat, text, ABF, Neo's formats ...

    Several files with one train each are the neurons of one recording.
    """
    from lapicque import io, plot
    from lapicque.reports.spike_page import spike_report
    from lapicque.reports.spike_summary import summarize_spikes

    populations = io.read_populations(files[0] if len(files) == 1 else list(files), **options)
    found = {name: summarize_spikes(each, bin=width, burst_isi=burst_isi) for name, each in populations.items()}
    if as_json:
        click.echo(json.dumps({name: summary.to_json() for name, summary in found.items()}))
    else:
        columns = columns or min(shutil.get_terminal_size().columns, 120)
        for name, summary in found.items():
            click.echo(f"{name}: {populations[name]!r}")
            _print(summary)
        _raster(plot, populations, columns, height)
    if out is not None:
        title = Path(files[0]).name + (f" and {len(files) - 1} more" if len(files) > 1 else "")
        written = spike_report(populations, out, title=title, summaries=found)
        click.echo(f"written: {written.resolve()}", err=as_json)


def _raster(plot: Any, populations: dict[str, Any], columns: int, height: int) -> None:
    if len({(trains.t_start, trains.t_stop) for trains in populations.values()}) == 1:
        click.echo(plot.terminal_raster(populations, width=columns, height=height))
        return
    for name, trains in populations.items():
        click.echo(plot.terminal_raster({name: trains}, width=columns, height=max(1, height // len(populations))))


def _print(summary: Any) -> None:
    from lapicque.reports.tables import number

    silent = f"{summary.silent} of {summary.trials * summary.neurons} trains are silent"
    same = f"{summary.duplicates} spikes at the time of the one before"
    click.echo(f"  {silent}; {same}")
    click.echo(f"  {'':<24}{'median':>12}{'quartiles':>26}{'range':>26}  undefined")
    for name, (median, lower, upper, least, most), missing in summary.rows():
        between, within = (" to ".join(map(number, pair)) for pair in ((lower, upper), (least, most)))
        click.echo(f"  {name:<24}{number(median):>12}{between:>26}{within:>26}  {missing}")
    for name, value in summary.synchrony.items():
        click.echo(f"  {name:<24}{number(value):>12}")
    for note in summary.notes:
        click.echo(f"  {note}")

"""The command line: fit a recording, train a network, look at models, run the demonstration."""

from lapicque.cli.comparing import compare
from lapicque.cli.fitting import demo, fit
from lapicque.cli.gradients import gradients
from lapicque.cli.group import main
from lapicque.cli.looking import cache, models, show
from lapicque.cli.spikes import spikes
from lapicque.cli.training import train

for command in (cache, compare, demo, fit, gradients, models, show, spikes, train):
    main.add_command(command)

__all__ = ["main"]

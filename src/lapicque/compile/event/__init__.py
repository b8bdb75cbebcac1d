"""From equations to exact events: flows in closed form, the first crossing of a threshold, the loop over events."""

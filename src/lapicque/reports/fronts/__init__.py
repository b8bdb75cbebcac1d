"""Pages of Pareto fronts."""

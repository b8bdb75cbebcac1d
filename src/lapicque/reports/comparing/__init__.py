"""The page of a comparison of fitted models."""

"""Figures: a result in, a matplotlib Figure out; one function a figure."""

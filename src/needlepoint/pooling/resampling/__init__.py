"""Permutation, bootstrap and simulation, on batches of equal-sized data sets."""

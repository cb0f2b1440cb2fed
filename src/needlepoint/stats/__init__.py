"""Shared numerics: distributions, root finding, optimisers, quadrature. Arrays in, arrays or records out."""

"""Kernels of the normal-normal model: plain functions of numbers, which ``bulk`` compiles from the same source."""

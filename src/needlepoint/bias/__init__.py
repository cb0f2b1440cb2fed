"""Small-study effects and publication bias: tests, corrected estimates, selection models."""

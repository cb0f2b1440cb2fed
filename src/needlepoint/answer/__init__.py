"""Question -> Answer: the one place that walks the whole chain."""

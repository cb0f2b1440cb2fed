"""Many treatments at once: network meta-analysis."""

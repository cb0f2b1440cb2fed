"""Effect sizes to pooled results."""

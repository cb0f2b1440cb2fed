"""Models and groups of studies held against each other."""

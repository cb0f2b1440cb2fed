"""Pooling tables of counts without effect sizes in between."""

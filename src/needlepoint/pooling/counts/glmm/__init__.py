"""Generalised linear mixed models of counts."""

"""Posteriors by quadrature: pairwise models, meta-regression, model averaging, priors."""

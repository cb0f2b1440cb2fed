"""Several estimates a study: random terms, sampling covariance, cluster-robust tests."""

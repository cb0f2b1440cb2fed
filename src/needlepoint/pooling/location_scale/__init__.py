"""Models of the mean and of the heterogeneity together."""

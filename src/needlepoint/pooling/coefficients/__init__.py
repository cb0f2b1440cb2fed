"""What is said of the coefficients: tests, intervals, prediction, contrasts."""

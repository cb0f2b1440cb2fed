"""How much true effects differ: estimators of tau2 and their intervals."""

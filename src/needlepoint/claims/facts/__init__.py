"""What a sentence says, and what the evidence holds on it."""

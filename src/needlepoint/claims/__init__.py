"""From a page to its claims, and from each claim to what the evidence says of it."""

"""Many treatments at once: networks of trials, what they say of every pair, and how far they agree."""

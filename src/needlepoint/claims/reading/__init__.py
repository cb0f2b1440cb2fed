"""A text to sentences whose words are known."""

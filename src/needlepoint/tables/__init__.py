"""A user's own table, from a file or a frame as people really make them, and what was understood of it."""

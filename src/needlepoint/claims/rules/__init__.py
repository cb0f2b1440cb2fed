"""The verdict table."""

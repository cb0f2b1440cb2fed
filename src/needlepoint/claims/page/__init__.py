"""A page from its address or file to text."""

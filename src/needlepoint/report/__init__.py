"""Results for people: text, HTML, JSON."""

"""What one study, or the order of studies, does to a pooled result."""

"""Many syntheses at once: a long table in, one row of results a group out."""

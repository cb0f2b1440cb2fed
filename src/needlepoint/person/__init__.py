"""For one person: is it safe for me (screen), is it worth trying (decide), is it helping me (diary)."""

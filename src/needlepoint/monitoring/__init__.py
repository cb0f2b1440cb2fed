"""Looking again and again without fooling oneself: boundaries, required information, living meta-analyses."""

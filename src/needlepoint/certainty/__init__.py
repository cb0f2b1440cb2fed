"""How sure the evidence lets us be: GRADE."""

"""Trial results -> effect sizes: every measure, what papers leave out recovered, unit changes."""

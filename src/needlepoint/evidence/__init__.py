"""Evidence packs: the data of one field, as a folder of plain files that a person can review."""

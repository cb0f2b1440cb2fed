"""The packs that come with needlepoint: one folder of data files a pack, no code."""

DEFAULT = "low-back-pain"  # the pack meant when none is named

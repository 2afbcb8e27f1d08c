"""Published data sets' own annotation files -> clips with labels, signers, splits and segments."""

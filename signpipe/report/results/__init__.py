"""The tables and pictures of a paper, from what the runs of a workspace have left behind."""

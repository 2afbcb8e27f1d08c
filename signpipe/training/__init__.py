"""Augmented views, loading, the one training loop and its checkpoints."""

"""Drawn signers: people who do not exist perform twelve gestures, and the clips of them."""

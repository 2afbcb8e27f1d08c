"""Virtual signers: drawn people who perform twelve gestures, and the clips of them we ship."""

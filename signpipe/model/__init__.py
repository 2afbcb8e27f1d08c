"""The graph encoder, its projection heads, momentum contrast and the recogniser."""

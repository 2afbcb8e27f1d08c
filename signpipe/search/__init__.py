"""A dictionary that is searched by signing: many clips, and the signs nearest to another."""

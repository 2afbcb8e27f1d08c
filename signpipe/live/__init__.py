"""Landmarks of a stream, frame by frame: signs from rest to rest, and what they are."""

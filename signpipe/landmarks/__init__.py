"""Frames -> MediaPipe Holistic landmarks, and the HDF5 packs that hold them."""

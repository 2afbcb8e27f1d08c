"""Landmarks -> right hand, left hand, trunk: normalised, masked, and their motion."""

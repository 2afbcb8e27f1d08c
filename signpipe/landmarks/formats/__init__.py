"""Landmarks as other tools leave them: one module a format."""

"""A file -> frames and times; frames -> a file."""

"""The page on one's own machine: its server, and the files that the browser is given."""

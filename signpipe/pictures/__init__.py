"""Pages and pictures of landmarks and figures; knows no workspace."""

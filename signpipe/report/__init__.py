"""Pictures for people, drawn from what the stages computed."""

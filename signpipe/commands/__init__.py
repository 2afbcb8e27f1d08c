"""What `signpipe COMMAND` calls: parse, call the stage, show its result. Nothing else."""

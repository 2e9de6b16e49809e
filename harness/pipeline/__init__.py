"""The pipeline: stages that read files and write files, each keyed by the hash of what went in."""

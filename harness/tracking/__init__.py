"""MLflow: runs, metrics, artifacts, and the registry behind the gate."""

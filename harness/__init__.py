"""tinygate's stages: data, training, runtimes, predictions, metrics, gate, tracking, pipeline."""

__version__ = "0.1.0"

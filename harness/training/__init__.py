"""Training: the protocol, augmentation on tensors, resumable checkpoints."""

from harness.training.history import EpochRecord, read_history
from harness.training.train import TrainedModel, train_model

__all__ = ["EpochRecord", "TrainedModel", "read_history", "train_model"]

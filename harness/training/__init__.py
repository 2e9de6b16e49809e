"""Training: the protocol, augmentation on tensors, resumable checkpoints."""

CHECKPOINT_NAME = "checkpoint.safetensors"
HISTORY_NAME = "history.json"

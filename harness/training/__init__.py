"""Training: the protocol, augmentation on tensors, resumable checkpoints."""

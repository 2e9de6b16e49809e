"""The wire protocol of SPEC.md: bytes to messages and back, without I/O."""

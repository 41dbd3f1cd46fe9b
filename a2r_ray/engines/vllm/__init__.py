"""vLLM in the replica's process."""

"""What a person sees of a command: progress on stderr, the answer on stdout."""

"""The config: what a user writes, what of it changes what is generated, and how it is read."""

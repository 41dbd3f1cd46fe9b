"""A replica: one engine in one actor, the stages that it serves, and what it does after a death."""

"""Answers: found in texts, compared with each other, and checked by whoever knows the right one."""

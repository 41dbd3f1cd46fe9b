"""How fast it is, and against what: each script measures one thing and prints one line of JSON."""

"""What a run shows: accuracies and the table at its end."""

"""All of Ray: the connection, the graph of pools, what feeds it and who watches it."""

"""The run folder: its storage, its tables, the ledger of paths and the receipt."""

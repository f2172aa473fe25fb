"""The plan: what runs, as plain data. It knows no table, and can travel to another process."""

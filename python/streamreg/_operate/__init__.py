"""What people do with a run from outside of it: inspect its state, verify it, diagnose, send rejects again."""

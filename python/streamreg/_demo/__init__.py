"""Demo: generated points, sent to an embedded broker and read by an ordinary run."""

"""The demonstration: points made up on the spot, sent to an embedded broker and read by an ordinary run."""

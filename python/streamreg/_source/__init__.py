"""Source, the first stage: what a topic looks like to the rest of the flow."""

"""Top: a run at a glance, from the port that it serves or from its state; nothing of it is changed.

`sources` says what there is to know, `picture` how it looks.
"""

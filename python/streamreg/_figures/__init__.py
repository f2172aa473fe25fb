"""Figures: plain data to what plotly draws, for notebooks and pages alike.

Each module has what it draws as a dataclass of lists and arrays, and a pure function from that to a `Drawing`. Nothing
is computed here but where things stand on the paper: numbers come as they are shown. A drawing carries all that it
shows; nothing is loaded from elsewhere. plotly is imported when a notebook asks for a figure of it, and not before.
"""

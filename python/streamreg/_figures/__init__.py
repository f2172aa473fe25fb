"""Figures: plain data to figures of plotly, for notebooks and pages alike.

Each module has what it draws as a dataclass of lists and arrays, and a pure function from that to a `Figure`. Nothing
is computed here but where things stand on the paper: numbers come as they are shown. A figure carries all that it
shows; nothing is loaded from elsewhere. plotly is imported when a figure is asked for, and not before.
"""

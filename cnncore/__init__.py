"""The arithmetic of convolutional networks, in NumPy and SciPy, with every number open to inspection.

Nothing here knows the screen: no streamlit, no plotly. Arrays are NCHW, filters are (F, C // groups, KH, KW).
"""

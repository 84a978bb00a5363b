"""The made-up people, one module each.

`life(now)` tells all that the hospital knows at an instant.
"""

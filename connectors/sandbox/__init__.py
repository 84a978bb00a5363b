"""A simulated hospital and a simulated wearable: a process of its own, reached over HTTP only.

It imports nothing of the product, so that it can answer like a stranger. Everything it holds is
made up by this package, the same in every installation, and grows with the clock. `python -m
connectors.sandbox --help` runs it alone.
"""

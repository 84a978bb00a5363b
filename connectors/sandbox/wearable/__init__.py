"""A simulated wearable.

A made-up body that follows the clock, and vendors' clouds that tell of it.
"""

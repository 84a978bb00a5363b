"""The OAuth dance of every house: sign in, consent, code, tokens."""

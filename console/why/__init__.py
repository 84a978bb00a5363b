"""Why is my data missing? Findings from a connection and its ledger, and the answer."""

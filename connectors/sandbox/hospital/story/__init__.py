"""From a person's file to their life at an instant.

A file in data/people/ tells who somebody is and what happens to them; it may take whole stories of
data/stories/, moved by some weeks. book.py puts the file together, the others turn its parts into
facts: visits and all they bring (visits.py, steps.py, chart.py), what stands in lists
(care.py, medicines.py), who pays (payer.py). life.py is the way in.
"""

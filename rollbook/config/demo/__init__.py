"""The demo province: made by a seeded generator, the same each time but for today's date.

Nobody in it exists. Identity numbers are valid but begin with county codes ending in 99, which no
county has; names are drawn from lists of frequent surnames and given names.
"""

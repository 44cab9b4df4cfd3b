"""A province-year to try screening on: made by a seed, with ordinary mess and with schemes whose truth is kept apart."""

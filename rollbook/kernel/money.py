"""Money as it is read: integer fen, never through a float."""


def yuan(amount_fen: int) -> str:
    """324000 as ¥3,240.00."""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{'−' if amount_fen < 0 else ''}¥{whole:,}.{fen:02}"


def plain(amount_fen: int) -> str:
    """324000 as 3240.00: as a form takes it, and a sentence that names the yuan."""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{fen:02}"

from django.core.cache import cache

TRIES, SECONDS = 20, 60  # verifications of one address in a window


def limited(address: str) -> bool:
    """Whether an address asks so often that it seems to try numbers out (N5.3)."""
    key = f"verify-{address}"
    cache.add(key, 0, SECONDS)
    try:
        return cache.incr(key) > TRIES
    except ValueError:  # the window closed in between
        return False

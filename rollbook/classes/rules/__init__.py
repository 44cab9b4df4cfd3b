from rollbook.classes.rules.attendance import Attended

__all__ = ["Attended"]

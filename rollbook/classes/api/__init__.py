from rollbook.classes.api import lessons as lessons  # its addresses belong to the same router
from rollbook.classes.api.classes import router
from rollbook.classes.api.devices import router as devices
from rollbook.classes.api.make_ups import router as make_ups

__all__ = ["devices", "make_ups", "router"]

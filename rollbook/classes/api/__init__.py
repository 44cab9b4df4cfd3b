from rollbook.classes.api.classes import router
from rollbook.classes.api.devices import router as devices

__all__ = ["devices", "router"]

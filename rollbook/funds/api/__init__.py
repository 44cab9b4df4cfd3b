from rollbook.funds.api import recoveries as recoveries  # its addresses belong to the same router
from rollbook.funds.api.payments import router

__all__ = ["router"]

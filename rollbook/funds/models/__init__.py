from rollbook.funds.models.ledger import (
    Closing,
    LedgerAccount,
    LedgerEntry,
    Transaction,
)
from rollbook.funds.models.orders import (
    FundOrder,
)
from rollbook.funds.models.payments import (
    BankFile,
    Ownership,
    PaymentBatch,
    PaymentLine,
    ReleaseBand,
    Signature,
)
from rollbook.funds.models.stops import PaymentStop

__all__ = [
    "BankFile",
    "Closing",
    "FundOrder",
    "LedgerAccount",
    "LedgerEntry",
    "Ownership",
    "PaymentBatch",
    "PaymentLine",
    "PaymentStop",
    "ReleaseBand",
    "Signature",
    "Transaction",
]

from rollbook.funds.models.bank import (
    BankStatement,
    Difference,
    Resolution,
    StatementLine,
)
from rollbook.funds.models.debts import (
    Instalment,
    Netting,
    Plan,
    Reopening,
    WriteOff,
    WriteOffSignature,
)
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
from rollbook.funds.models.recoveries import (
    Receipt,
    Recovery,
)
from rollbook.funds.models.stops import (
    PaymentStop,
)

__all__ = [
    "BankFile",
    "BankStatement",
    "Closing",
    "Difference",
    "FundOrder",
    "Instalment",
    "LedgerAccount",
    "LedgerEntry",
    "Netting",
    "Ownership",
    "PaymentBatch",
    "PaymentLine",
    "PaymentStop",
    "Plan",
    "Receipt",
    "Recovery",
    "ReleaseBand",
    "Reopening",
    "Resolution",
    "Signature",
    "StatementLine",
    "Transaction",
    "WriteOff",
    "WriteOffSignature",
]

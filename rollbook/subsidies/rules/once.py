"""Never twice: which subsidies are for one and the same thing, whatever fund or region pays (N12.3)."""

from rollbook.subsidies.rules.policy import Kind

# Training and what the unemployment fund or the employer's scheme pays for the same skill are one thing
# (domain 3.3, 1 and 5); an evaluation's fee is another, and so is a living allowance.
TRAINED = (
    Kind.LEVEL, Kind.COMPLETION, Kind.SPECIAL, Kind.STARTUP, Kind.INDUCTION, Kind.UPGRADE, Kind.APPRENTICE,
)  # fmt: skip


def alike(kind: str) -> tuple[str, ...]:
    """The kinds of which one at the same occupation and level bars the others."""
    return tuple(one.value for one in TRAINED) if kind in TRAINED else (kind,)

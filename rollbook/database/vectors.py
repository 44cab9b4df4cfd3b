"""Vectors of pgvector as a field and an index: what this project needs of them (docs/decisions/faces.md)."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.indexes import PostgresIndex
from django.db import models


class VectorField(models.Field[Any, Any]):
    """`size` real numbers, as a tuple. Written as PostgreSQL writes them: "[1,2,3]"."""

    def __init__(self, *args: Any, size: int, **kwargs: Any) -> None:
        self.size = size
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"size": self.size}

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 of Django
        return f"vector({self.size})"

    def get_prep_value(self, value: Sequence[float] | None) -> str | None:
        return None if value is None else "[" + ",".join(f"{one:.7g}" for one in value) + "]"

    def from_db_value(self, value: str | None, *_: object) -> tuple[float, ...] | None:
        return None if value is None else tuple(map(float, value[1:-1].split(",")))


class Distance(models.Func):
    """Euclidean distance to a vector, by which an `HnswIndex` finds the nearest."""

    template = "%(expressions)s"
    arg_joiner = " <-> "
    output_field = models.FloatField()

    def __init__(self, field: str, vector: Sequence[float]) -> None:
        target = VectorField(size=len(vector))
        super().__init__(models.F(field), models.Value(vector, output_field=target))


class HnswIndex(PostgresIndex):
    """Hierarchical navigable small worlds: nearest neighbours, nearly always all of them."""

    suffix = "hnsw"

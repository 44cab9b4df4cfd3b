"""The tables that detectors read (N3.5): shapes that any engine can hold, with no identity number in them."""

import pytest

from rollbook.risk.detectors.tables import SHAPES


@pytest.mark.parametrize("shape", SHAPES.values(), ids=lambda shape: shape.name)
def test_a_table_says_what_a_row_is_and_files_it_by_a_day_of_its_own(shape):
    columns = dict(shape.columns)
    assert shape.rows
    assert len(columns) == len(shape.columns), "a column twice"
    assert not shape.month_of or columns[shape.month_of] == "day"
    assert not {"id_number", "name", "phone_number", "bank_account"} & set(columns)
    assert all(kind == "int" for name, kind in columns.items() if name.endswith("_id"))

"""The file of scores: five columns."""

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason
from rollbook.persons.rules import normal
from rollbook.web.sheets import Column


def mark(text: str) -> int:
    if not text.isdigit() or int(text) > 100:
        raise ValueError(reason("bad-mark", _("“{text}” is no mark from 0 to 100."), text=text))
    return int(text)


def yes(text: str) -> bool:
    if text not in ("是", "否", "yes", "no"):
        raise ValueError(reason("bad-yes", _("“{text}” is neither 是 nor 否."), text=text))
    return text in ("是", "yes")


SCORES = (
    Column("number", "身份证号", ("Id number",), required=True, parse=normal, example="11010519491231002X"),
    Column("name", "姓名", ("Name",), required=True, example="张三丰"),
    Column("theory", "理论成绩", ("Theory",), parse=mark, example="78"),
    Column("practice", "实操成绩", ("Practice",), parse=mark, example="82"),
    Column("is_absent", "缺考", ("Absent",), parse=yes, example="否"),
)

"""The file of scores: five columns; the file of answers: four."""

from rollbook.assessment.rules import chosen
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


def minutes(text: str) -> int:
    if not text.isdigit():
        raise ValueError(reason("bad-minutes", _("“{text}” is no number of minutes."), text=text))
    return int(text)


SCORES = (
    Column("number", "身份证号", ("Id number",), required=True, parse=normal, example="11010519491231002X"),
    Column("name", "姓名", ("Name",), required=True, example="张三丰"),
    Column("theory", "理论成绩", ("Theory",), parse=mark, example="78"),
    Column("practice", "实操成绩", ("Practice",), parse=mark, example="82"),
    Column("is_absent", "缺考", ("Absent",), parse=yes, example="否"),
)
ANSWERS = (
    Column("number", "身份证号", ("Id number",), required=True, parse=normal, example="11010519491231002X"),
    Column("name", "姓名", ("Name",), required=True, example="张三丰"),
    Column("minutes", "用时（分钟）", ("Minutes",), required=True, parse=minutes, example="75"),
    Column("choices", "答案", ("Answers",), required=True, parse=chosen, example="A,C,BD,,对"),
)

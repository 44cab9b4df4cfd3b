"""The two files of a class application: the teaching plan (9 columns) and the roster (16; domain 2.3)."""

from datetime import time
from pathlib import Path

from rollbook.kernel.messages import _
from rollbook.kernel.reasons import reason
from rollbook.persons import rules as persons
from rollbook.web.cells import a_day
from rollbook.web.sheets import Column

DATA = Path(__file__).parent / "data"
COMMITMENT_VERSION = "1"
EXAMPLE = "11010519491231002X"  # of the templates: the number that GB 11643 prints


def commitment_text(who: str) -> str:
    """The text that an institution or a trainee signs, in the version now in use."""
    return (DATA / f"commitment-{who}-{COMMITMENT_VERSION}.txt").read_text(encoding="utf-8")


def a_time(text: str) -> time:
    """09:00, also as 9:00, 9：00 or 09:00:00."""
    try:
        hour, _colon, rest = text.split("T")[-1].replace("：", ":").partition(":")
        return time.fromisoformat(f"{hour.zfill(2)}:{rest}").replace(microsecond=0)
    except ValueError:
        raise ValueError(reason("bad-time", _("“{text}” is no time; write 09:00."), text=text)) from None


def hours(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 12:
        raise ValueError(reason("bad-hours", _("“{text}” is no number of hours from 1 to 12."), text=text))
    return int(text)


def phone(text: str) -> str:
    if not (len(text) == 11 and text.isdigit() and text[0] == "1" and text[1] in "3456789"):
        raise ValueError(reason("bad-phone", _("“{text}” is no mobile number of 11 digits."), text=text))
    return text


def category(text: str) -> str:
    for one in persons.Category:
        if text in (one.value, one.label, CATEGORIES[one]):
            return one.value
    known = "、".join(CATEGORIES.values())
    raise ValueError(
        reason("bad-category", _("“{text}” is no person category; these are: {known}."), text=text, known=known)
    )


def account(text: str) -> str:
    digits = "".join(text.split())
    for wrong in persons.reasons_against_account(digits):
        raise ValueError(wrong)
    return digits


CATEGORIES = {
    persons.Category.RURAL: "农村转移就业劳动者",
    persons.Category.UNEMPLOYED: "登记失业人员",
    persons.Category.DIFFICULTY: "就业困难人员",
    persons.Category.MONITORED: "防止返贫监测对象",
    persons.Category.GRADUATE: "毕业年度高校毕业生",
    persons.Category.LEAVER: "未继续升学初高中毕业生",
    persons.Category.EMPLOYEE: "企业职工",
    persons.Category.VETERAN: "退役军人",
    persons.Category.DISABLED: "残疾人",
    persons.Category.FLEXIBLE: "灵活就业人员",
}

LESSONS = (
    Column("day", "日期", ("Date",), required=True, parse=a_day, example="2026-12-21"),
    Column("subject", "课程内容", ("Subject",), required=True, example="焊接安全"),
    Column("hours", "学时", ("Hours",), required=True, parse=hours, example="4"),
    Column("begins", "开始时间", ("Begins",), required=True, parse=a_time, example="09:00"),
    Column("ends", "结束时间", ("Ends",), required=True, parse=a_time, example="12:00"),
    Column("room", "教室", ("Room",), required=True, example="101 教室"),
    Column("teacher", "授课教师", ("Teacher",), required=True, example="王建国"),
    Column("teacher_number", "教师身份证号", ("Teacher's id number",), required=True, example=EXAMPLE),
    Column("textbook", "教材及出版社", ("Textbook",), example="国家基本职业培训包"),
)
ROSTER = (
    Column("number", "身份证号", ("Id number",), required=True, parse=persons.normal, example=EXAMPLE),
    Column("name", "姓名", ("Name",), required=True, example="张三丰"),
    Column("nation", "民族", ("Nation",), example="汉"),
    Column("employment_number", "就业创业证号", ("Employment card",)),
    Column("category", "人员类别", ("Person category",), required=True, parse=category, example="登记失业人员"),
    Column("household_kind", "户口性质", ("Household kind",)),
    Column("household_region", "户籍地区", ("Household region",)),
    Column("residence", "常住地区", ("Residence",)),
    Column("address", "家庭住址", ("Address",)),
    Column("phone", "联系电话", ("Phone",), required=True, parse=phone, example="13800001234"),
    Column("postcode", "邮政编码", ("Postcode",)),
    Column("email", "电子邮箱", ("E-mail",)),
    Column("mail_address", "通讯地址", ("Mail address",)),
    Column("bank", "开户银行", ("Bank",), example="江苏银行"),
    Column("account_name", "账户名", ("Account name",), example="张三丰"),
    Column("bank_account", "银行账号", ("Bank account",), parse=account, example=""),
)

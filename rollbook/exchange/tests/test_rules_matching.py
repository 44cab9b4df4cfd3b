"""Two records of one person are found by likeness of name, birth and phone; namesakes are not (N3.1, domain 10.8)."""

import numpy as np
import pytest
from pypinyin import lazy_pinyin

from rollbook.exchange.rules.matching import BIRTHS, NAMES, People, folded, pairs


def sounds(sign):
    return lazy_pinyin(sign)[0]


def found(*rows, others=1000):
    """Rows (name, birth, sex, phone) among many who have nothing to do with them."""
    rng = np.random.default_rng(1)
    signs = np.array(list("赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"))
    crowd = [
        ("".join(rng.choice(signs, 3)), int(19_500_101 + rng.integers(0, 40) * 10_000), "1", "") for _ in range(others)
    ]
    people = People(*zip(*[*rows, *crowd], strict=True))
    made = pairs(people, sounds)
    mine = [n for n in range(len(made)) if made.left[n] < len(rows) and made.right[n] < len(rows)]
    return [(NAMES[made.name[n]], BIRTHS[made.birth[n]], bool(made.same_phone[n])) for n in mine]


PHONE = "138****5678"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("王小明", 19800304, "1", ""), ("王小明", 19800304, "1", ""), ("same", "same", False)),
        (("吉田喆", 19800304, "1", ""), ("𠮷田哲", 19800304, "1", ""), ("variant", "same", False)),
        (("買買提·吐尔逊", 19800304, "1", ""), ("買買提.吐尔逊", 19800304, "1", ""), ("variant", "same", False)),
        (("买买提·吐尔逊", 19800304, "1", PHONE), ("买买提", 19800304, "1", PHONE), ("close", "same", True)),
        (("李静怡", 19800304, "2", ""), ("李静宜", 19800304, "2", ""), ("sound", "same", False)),
        (("欧阳修远", 19800304, "1", ""), ("欧阳修远", 19800403, "1", ""), ("same", "close", False)),
        (("欧阳修远", 19800304, "1", ""), ("欧阳修远", 19800314, "1", ""), ("same", "close", False)),
        (("刘德桦", 19800304, "1", PHONE), ("刘德", 19800304, "1", PHONE), ("close", "same", True)),
        (("王小明", 19800304, "1", PHONE), ("王晓明", 19800311, "1", PHONE), ("sound", "year", True)),
    ],
)
def test_one_person_in_two_records(one, other, expected):
    assert found(one, other) == [expected]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("王小明", 19800304, "1", ""), ("王小明", 19650722, "1", "")),
        (("王小明", 19800304, "1", ""), ("王小红", 19800304, "2", "")),
        (("王小明", 19800304, "1", ""), ("李建国", 19800304, "1", "")),
        (("王小明", 19800304, "1", PHONE), ("王建国", 19580101, "1", PHONE)),  # a father's telephone
    ],
)
def test_two_people_are_not_taken_for_one(one, other):
    assert found(one, other) == []


def test_a_name_that_many_bear_needs_more():
    """王伟 born the same day, a figure apart: two people likelier than one, where a rare name says one."""
    many = [("王伟", 19500101 + n * 10_000, "1", "") for n in range(60)]
    assert ("same", "close", False) not in found(("王伟", 19800304, "1", ""), ("王伟", 19800314, "1", ""), *many)


def test_writing_does_not_matter():
    assert folded("買買提·吐尔逊") == folded("買買提 • 吐尔逊")
    assert folded("張偉") == folded("张伟")
    assert folded("ＡＮＮＡ") == "anna"
    assert len(pairs(People([], np.zeros(0), [], []), sounds)) == 0

"""Every figure of the published tables, row by row, against the shipped policies (N13.1, domain 3.7).

The tables stand here as they were printed, apart from the files that the system reads.
"""

import csv

import pytest

from rollbook.subsidies import rules
from rollbook.subsidies.tests.cases import decided, shipped

JIANGSU = """A,1,4300
A,2,3500
A,3,2000
A,4,1500
A,5,1000
B,1,3500
B,2,2500
B,3,1800
B,4,1200
B,5,800
C,1,3000
C,2,2000
C,3,1500
C,4,1000
C,5,500"""
WUXI_SCARCE = "A,5200,4200,2400\nB,4200,3000,2100\nC,3600,2400,1800"
TIANJIN = """农业经理人,(新),1000,1200,1400,1650,1900,670,800,930,1100,1270
铆工,6-18-01-11,2320,2520,3240,3510,3780,1550,1680,2160,2340,2520
锻造工,6-18-02-02,1270,1500,1800,2200,2860,850,1000,1200,1470,1910
焊工,6-18-02-04,3040,3240,3780,4140,4320,2030,2160,2520,2760,2880
模具工,6-18-04-01,,2180,2460,,,,1450,1640,,
装配钳工,6-20-01-01,1550,1810,2200,2350,2870,1030,1210,1470,1570,1910
机床装调维修工,6-20-03-01,,3000,4200,4700,4700,,2000,2800,3130,3130
加工中心操作工,,,3070,3260,4280,5270,,2050,2170,2850,3510
数控铣工,,,3240,3780,4140,4320,,2160,2520,2760,2880
数控车工,,,2520,3240,3510,3780,,1680,2160,2340,2520
数控程序员,,,,3000,3400,,,,2000,2270,"""
TIANJIN_FEES = {"A": (300, 350, 410, 520, 640), "B": (250, 310, 360, 520, 640), "C": (210, 260, 310, 520, 640)}
QINGHAI = """烹饪(含中、西式),200,A+,1200
家政服务(含保育、育婴、护理),200,A+,1000
农家乐(烹饪+餐厅服务+歌舞),240,A+,1500
餐厅(客房、前厅)服务员,100,A+,500
服装制作工,300,A+,1200
保健按摩,240,A+,960
美甲,180,A+,800
中式、西式面点(含拉面工),100,A+,600
焊工,360,A+,1000
汽车维修钣金工,480,A+,1500
汽车维修漆工,360,A+,1000
客货车驾驶员(B照及以上),480,A+,2500
挖掘机操作,200,A+,2000
监狱服刑人员挖掘机操作,200,A+,600
推土铲运机操作,200,A+,2000
盲人保健按摩,480,A,
物业管理,240,A,
保安,80,A,
酿酒师,300,A,
汽车修理工(不含钣金、油漆),500,A,
汽车装璜装饰,360,A,
摩托车(拖拉机、柴油机)修理,360,A,
玉石加工,480,A,
瓦工,240,A,
抹灰工,240,A,
建筑油漆工,180,A,
农民经纪人,80,B,
快递员,80,B,
企业人力资源管理,200,B,
职业指导,200,B,
心理咨询,200,B,
公益岗位岗前培训,100,C,"""
POSTAL = ("邮件分拣员", "邮件转运员", "邮政投递员", "报刊业务员", "快递员", "快件处理员")


def lines(table):
    return list(csv.reader(table.splitlines()))


@pytest.mark.parametrize("region", ["320000", "320200"])
@pytest.mark.parametrize(("grade", "level", "yuan"), lines(JIANGSU))
def test_jiangsu_and_wuxi(region, grade, level, yuan):
    policy = shipped(region, "training")
    assert decided(policy, grade=grade, level=int(level), hours=56).payable == int(yuan)


@pytest.mark.parametrize("row", lines(WUXI_SCARCE), ids=lambda row: row[0])
def test_wuxi_where_scarce(row):
    grade, *yuan = row
    policy = shipped("320200", "training")
    found = [decided(policy, grade=grade, level=level, hours=56, urgency="scarce").payable for level in (1, 2, 3)]
    assert found == [int(one) for one in yuan]


@pytest.mark.parametrize(
    ("values", "yuan"),
    [
        ({"kind": "completion", "grade": ""}, 300),  # the least of 300 to 1 000: the directory's list says more
        ({"kind": "completion", "grade": "", "list_fen": 100_000}, 1000),
        ({"kind": "special", "grade": "A"}, 800),
        ({"kind": "special", "grade": "B"}, 600),
        ({"kind": "special", "grade": "C"}, 400),
        ({"kind": "startup", "grade": "", "identity": rules.project_identity("创业意识GYB")}, 350),
        ({"kind": "startup", "grade": "", "identity": rules.project_identity("SYB")}, 1000),
        ({"kind": "startup", "grade": "", "identity": rules.project_identity("网络创业")}, 1000),
        ({"kind": "induction", "grade": ""}, 500),
    ],
)
def test_jiangsu_besides_levels(values, yuan):
    assert decided(shipped("320000", "training"), level=0, **{"hours": 40} | values).payable == yuan


def test_wuxi_pre_job():
    assert decided(shipped("320200", "training"), kind="induction", level=0, grade="").payable == 350


@pytest.mark.parametrize(("level", "yuan"), [(1, 650), (2, 500), (3, 260), (4, 200)])
def test_jiangsu_evaluation(level, yuan):
    assert decided(shipped("320000", "evaluation"), kind="evaluation", level=level).payable == yuan


def test_jiangsu_evaluation_says_nothing_of_level_5():
    assert decided(shipped("320000", "evaluation"), kind="evaluation", level=5).codes == ["no-row"]


@pytest.mark.parametrize("day", ["2021-06-01", "2023-06-01"])
@pytest.mark.parametrize("row", lines(TIANJIN), ids=lambda row: row[0])
def test_tianjin(row, day):
    """Both tiers, all levels; a blank is a level that the occupation does not have."""
    name, code, *amounts = row
    identity = int(code.replace("-", "")) if code.startswith("6") else rules.project_identity(name)
    policy = shipped("120000", "training", day)
    for hours, tier in ((120, amounts[:5]), (80, amounts[5:])):
        for level, yuan in zip((5, 4, 3, 2, 1), tier, strict=True):
            one = decided(policy, identity=identity, grade="", level=level, hours=hours, urgency="very-scarce")
            assert (one.payable, one.codes) == ((int(yuan), []) if yuan else (0, ["no-level"])), (hours, level)


@pytest.mark.parametrize("day", ["2025-01-01", "2026-06-01"])
@pytest.mark.parametrize("grade", TIANJIN_FEES)
def test_tianjin_evaluation(grade, day):
    policy = shipped("120000", "evaluation", day)
    found = tuple(decided(policy, kind="evaluation", grade=grade, level=level).payable for level in (5, 4, 3, 2, 1))
    assert found == TIANJIN_FEES[grade]


@pytest.mark.parametrize(("name", "hours", "grade", "yuan"), lines(QINGHAI))
def test_qinghai(name, hours, grade, yuan):
    """Rows that give a class alone are kept as not subsidised: their amount is not published."""
    policy = shipped("630000", "training")
    case = {"kind": "completion", "level": 0, "identity": rules.project_identity(name), "grade": grade}
    one = decided(policy, hours=int(hours), **case)
    assert (one.payable, one.codes) == ((int(yuan), []) if yuan else (0, ["not-subsidised"]))
    assert decided(policy, hours=int(hours) - 1, **case).codes == ["no-row"]


@pytest.mark.parametrize("name", POSTAL)
def test_guangdong_postal_group(name):
    policy, identity = shipped("440000", "training", "2024-01-01"), rules.project_identity(name)
    found = [decided(policy, identity=identity, grade="", level=level).payable for level in (5, 4, 3, 2, 1)]
    assert found == [1000, 1500, 2000, 2500, 3000]
    scarce = [decided(policy, identity=identity, grade="", level=n, urgency="scarce").payable for n in (5, 4, 3, 2, 1)]
    assert scarce == [1000, 1500, 2600, 3250, 3900]


@pytest.mark.parametrize(
    ("urgency", "yuan"),
    [
        ("ordinary", [700, 1000, 1500, 2000, 3000]),
        ("scarce", [840, 1200, 1800, 2400, 3600]),
        ("very-scarce", [910, 1300, 1950, 2600, 3900]),
    ],
)
def test_xiamen(urgency, yuan):
    policy = shipped("350200", "training")
    assert [decided(policy, grade="", level=n, urgency=urgency).payable for n in (5, 4, 3, 2, 1)] == yuan


def test_chongqing_by_level_outside_the_catalogue():
    policy = shipped("500000", "training", "2020-01-01")
    found = [decided(policy, grade="", level=level).payable for level in (5, 4, 3, 2, 1)]
    assert found == [1000, 1500, 2500, 3500, 5000]


@pytest.mark.parametrize(("level", "yuan"), [(5, 1000), (4, 1500), (3, 2000)])
def test_skill_upgrade(level, yuan):
    policy = shipped("320000", "upgrade", "2024-06-01")
    assert decided(policy, kind="upgrade", level=level, grade="").payable == yuan


@pytest.mark.parametrize(("level", "yuan"), [(4, 5000), (3, 6000)])
def test_fujian_apprentices_a_year(level, yuan):
    policy = shipped("350000", "apprentice")
    one = {"kind": "apprentice", "grade": "", "level": level, "identity": 6180204}
    assert [decided(policy, units=years, **one).payable for years in (1, 2)] == [yuan, 2 * yuan]


@pytest.mark.parametrize(("level", "yuan"), [(4, 5000), (3, 5500), (2, 7000), (1, 7000)])
def test_tianjin_apprentices_a_year(level, yuan):
    policy = shipped("120000", "apprentice")
    assert decided(policy, kind="apprentice", grade="", level=level, units=1).payable == yuan


def test_tianjin_living_allowance_and_safety_certificates():
    living = shipped("120000", "living")
    assert decided(living, kind="living", level=0, grade="", identity=0, category="monitored").payable == 1000
    safety = shipped("120000", "safety")
    found = [
        decided(safety, kind="safety", level=0, grade="", identity=rules.project_identity(name)).payable
        for name in (row.name for row in safety.amounts)
    ]
    assert found == [300, 100]

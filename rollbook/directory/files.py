"""The file of a demand list: one row a project (N1.1)."""

from rollbook.directory.rules import Level, TrainingType, Urgency
from rollbook.web.cells import fen, one_of, whole
from rollbook.web.sheets import Column

TYPES = {
    "技能等级培训": TrainingType.LEVEL.value, "培训合格证书类培训": TrainingType.COMPLETION.value,
    "专项职业能力培训": TrainingType.SPECIAL.value, "创业培训": TrainingType.STARTUP.value,
    "职工岗前培训": TrainingType.INDUCTION.value,
    **{word: one.value for one in TrainingType for word in (one.value, one.label)},
}  # fmt: skip
LEVELS = {
    "初级": "5", "中级": "4", "高级": "3", "技师": "2", "高级技师": "1", "无等级": "0",
    "五级": "5", "四级": "4", "三级": "3", "二级": "2", "一级": "1", **{one.value: one.value for one in Level},
}  # fmt: skip
URGENCIES = {
    "有需求": Urgency.ORDINARY.value, "紧缺": Urgency.SCARCE.value, "非常紧缺": Urgency.VERY_SCARCE.value,
    **{word: one.value for one in Urgency for word in (one.value, one.label)},
}  # fmt: skip

# The aliases are the columns of an exported list, so that a list can go out, be changed and come back.
PROJECTS = (
    Column("training_type", "类型", ("Type",), required=True, parse=one_of(TYPES), example="技能等级培训"),
    Column("code", "职业编码", ("Code", "代码", "编码"), required=True, example="6-18-02-04"),
    Column("occupation", "职业（工种）", ("Occupation", "职业名称"), example="焊工"),
    Column("level", "等级", ("Level",), required=True, parse=one_of(LEVELS), example="高级"),
    Column("hours", "学时", ("Academic hours",), required=True, parse=whole(1, 2000), example="56"),
    Column("hours_basis", "学时依据", ("Basis of the hours",), example="国家职业技能标准"),
    Column(
        "practice_percent", "实操比例（%）", ("Share of practice, %",), required=True, parse=whole(0, 100), example="60"
    ),
    Column("amount_fen", "补贴标准（元）", ("Standard, yuan",), required=True, parse=fen, example="1500"),
    Column("scarce_amount_fen", "紧缺补贴标准（元）", ("Standard where scarce, yuan",), parse=fen),
    Column("urgency", "紧缺程度", ("Urgency",), parse=one_of(URGENCIES), example="有需求"),
    Column("priority_sector", "重点产业", ("Priority sector",)),
    Column("labour_brand", "劳务品牌", ("Labour brand",)),
)

"""The files of what an institution has: teachers with their certificates, rooms with their equipment (N2.2, N10.1)."""

from rollbook.institutions.rules import RoomKind
from rollbook.persons.rules import normal
from rollbook.web.cells import a_day, one_of, whole
from rollbook.web.sheets import Column

EXAMPLE = "11010519491231002X"  # the number that GB 11643 prints
LEVELS = {
    "初级": "5", "中级": "4", "高级": "3", "技师": "2", "高级技师": "1",
    "五级": "5", "四级": "4", "三级": "3", "二级": "2", "一级": "1",
    "5": "5", "4": "4", "3": "3", "2": "2", "1": "1",
}  # fmt: skip
FULL_TIME = {"专职": "full", "兼职": "part", "full-time": "full", "part-time": "part"}
ROOM_KINDS = {
    "教室": RoomKind.CLASSROOM.value, "实训车间": RoomKind.WORKSHOP.value, "机房": RoomKind.COMPUTER_ROOM.value,
    **{one.value: one.value for one in RoomKind},
}  # fmt: skip

# One row a certificate: a teacher with two certificates stands there twice.
TEACHERS = (
    Column("name", "姓名", ("Name",), required=True, example="王建国"),
    Column("number", "身份证号", ("Id number",), required=True, parse=normal, example=EXAMPLE),
    Column("engaged", "聘用形式", ("Engaged",), required=True, parse=one_of(FULL_TIME), example="专职"),
    Column("years", "从业年限", ("Years of experience",), parse=whole(0, 60), example="8"),
    Column("code", "职业编码", ("Occupation code",), required=True, example="6-18-02-04"),
    Column("occupation", "职业名称", ("Occupation",), example="焊工"),
    Column("level", "等级", ("Level",), required=True, parse=one_of(LEVELS), example="高级"),
    Column("certificate", "证书编号", ("Certificate number",), required=True, example="S000032010000000001"),
    Column("expires_on", "有效期至", ("Expires on",), parse=a_day, example=""),
)
# One row a room, or a room with one kind of equipment: a room with three kinds stands there three times.
ROOMS = (
    Column("site", "教学点", ("Site",), required=True, example="本部"),
    Column("address", "教学点地址", ("Address",), example="玄武区北京东路 1 号"),
    Column("room", "教室名称", ("Room",), required=True, example="101"),
    Column("kind", "教室类型", ("Kind",), required=True, parse=one_of(ROOM_KINDS), example="实训车间"),
    Column("seats", "座位数", ("Seats",), required=True, parse=whole(1, 1000), example="40"),
    Column("equipment", "设备名称", ("Equipment",), example="弧焊机"),
    Column("quantity", "设备数量", ("Quantity",), parse=whole(1, 100_000), example="20"),
    Column("work_stations", "工位数", ("Work stations",), parse=whole(0, 100_000), example="20"),
)

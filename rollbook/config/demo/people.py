"""People of the demo province, written in bulk as `persons.actions.register` would."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from rollbook.persons import rules
from rollbook.persons.models import Person, Sealed
from rollbook.persons.sealing import digest, seal

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
    "苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
MALE = "伟强磊军洋勇杰涛超明刚平辉鹏华飞鑫波斌宇浩凯健俊帆志海峰龙建国文博宏亮"
FEMALE = "芳娜敏静丽艳娟霞秀英玲桂兰红梅云洁萍雪琳颖莉燕丹慧婷玉珍凤琴倩月瑶欣怡佳"
BANKS = (
    "江苏银行", "南京银行", "中国银行", "中国农业银行", "中国工商银行", "中国建设银行",
    "江苏农村商业银行",
)  # fmt: skip
CATEGORIES = ("rural", "unemployed", "employee", "flexible", "difficulty", "graduate", "veteran")
CATEGORY_WEIGHTS = (34, 22, 20, 14, 4, 4, 2)


@dataclass(frozen=True, slots=True)
class Made:
    """One invented person, with what only the sealed record may hold."""

    name: str
    number: str
    phone: str
    bank: str
    account: str
    category: str
    region_code: str


def luhn(body: str) -> str:
    """The last digit of a bank card number (ISO/IEC 7812-1)."""
    digits = [int(d) for d in reversed(body)]
    total = sum(sum(divmod(d * 2, 10)) if n % 2 == 0 else d for n, d in enumerate(digits))
    return str(-total % 10)


_given: set[str] = set()  # numbers that this run has used, so that none is used twice


def make(rng: random.Random, region_code: str, serial: int, today: date) -> Made:
    """The serial-th person, whose number nobody else of this run has."""
    while (one := _drawn(rng, region_code, serial, today)).number in _given:
        pass
    _given.add(one.number)
    return one


def _drawn(rng: random.Random, region_code: str, serial: int, today: date) -> Made:
    is_male = rng.random() < 0.55
    given = MALE if is_male else FEMALE
    name = rng.choice(SURNAMES) + "".join(rng.sample(given, rng.choice((1, 2, 2))))
    age = int(rng.triangular(18, 58, 38))
    born = today - timedelta(365 * age + rng.randrange(365) + 10)
    first17 = f"{region_code[:4]}99{born:%Y%m%d}{(serial % 499) * 2 + is_male:03}"
    number = first17 + rules.check_digit(first17)
    body = f"621483{320000000000 + serial:012}"
    return Made(
        name,
        number,
        f"1{rng.choice('3578')}{rng.randrange(10**9):09}",
        rng.choice(BANKS),
        body + luhn(body),
        rng.choices(CATEGORIES, CATEGORY_WEIGHTS)[0],
        region_code,
    )


def write(made: list[Made], now: datetime) -> list[Person]:
    """Store these people, verified, with their sealed records."""
    people = Person.objects.bulk_create([_person(one, now) for one in made], batch_size=5000)
    boxes = []
    for person, one in zip(people, made, strict=True):
        content = {
            "number": one.number,
            "phone": one.phone,
            "bank": one.bank,
            "bank_account": one.account,
        }
        version, box = seal(person.pk, content)
        boxes.append(Sealed(person=person, key_version=version, box=box))
    Sealed.objects.bulk_create(boxes, batch_size=5000)
    return people


def stream(rng: random.Random, regions: list[str], today: date) -> Iterator[Made]:
    """People without end, region by region, no number twice."""
    serial = 0
    while True:
        for region in regions:
            yield make(rng, region, serial, today)
            serial += 1


def _person(one: Made, now: datetime) -> Person:
    return Person(
        name=one.name,
        sex=rules.Sex.MALE if int(one.number[16]) % 2 else rules.Sex.FEMALE,
        birth_on=date(int(one.number[6:10]), int(one.number[10:12]), int(one.number[12:14])),
        id_kind=rules.IdKind.CITIZEN,
        id_digest=digest(one.number),
        id_masked=rules.mask(one.number, settings.ID_MASK),
        phone_masked=f"{one.phone[:3]}****{one.phone[-4:]}",
        phone_digest=digest(one.phone),
        bank_masked=f"{one.bank} {one.account[-4:]}",
        bank_digest=digest(one.account),
        category=one.category,
        region_code=one.region_code,
        verification=rules.Verification.MATCHED,
        verified_at=now,
    )

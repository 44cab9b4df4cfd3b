"""Which two records may be of one person: likeness of names, days of birth and phones, weighed like evidence.

Each comparison adds or takes bits: how much likelier it is within one person than between two (Fellegi and Sunter).
A name that few bear says more than 王伟. A pair stands when its bits outweigh the odds against any two people of the
register being one, which grow with its size. Nothing here merges: a person compares the two records (N3.1).
"""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rollbook.kernel.choices import Choice
from rollbook.kernel.messages import _

# Forms of one character that names are written with (GB 18030 has them all); the first stands for all.
VARIANTS = (
    "吉𠮷 哲喆 坤堃 峰峯 群羣 昆崐崑 韵韻 杰傑 华華 国國 张張 陈陳 刘劉 赵趙 吴吳 杨楊 黄黃 孙孫 马馬 罗羅 郑鄭 谢謝 韩韓 冯馮 邓鄧 许許 苏蘇 "
    "萧肖蕭 闫阎閻 叶葉 卢盧 贾賈 钟鐘鍾锺 谭譚 陆陸 顾顧 龙龍 万萬 钱錢 汤湯 龚龔 伟偉 强強彊 军軍 丽麗 艳艷豔 红紅 兰蘭 凤鳳 玉钰 荣榮 贵貴 宝寶宝 "
    "庆慶 娴嫻 莹瑩 颖頴穎 岩嵒巖 岳嶽 升昇陞 志誌 栋棟 梁樑 涌湧 温溫 灿燦 珍珎 琼瓊 瑶瑤 祥祯禎 秋秌 缘緣 翔翱 芸蕓 苹蘋 菲斐 蓝藍 邨村 鑫淼森 霞遐 "
    "静靜 飞飛 鹏鵬 丰豐沣 于於 余餘 云雲 仙僊 修脩 克剋 冢塚 娜娜 媛嫒 泽澤 润潤 涛濤 浩澔 晖暉辉輝 晔曄烨燁"
)
FOLD = {ord(other): one[0] for one in VARIANTS.split() for other in one[1:]}
MOST = 16  # characters of a name that are compared
NONE = 0


class NameLevel(Choice):
    SAME = "same", _("Same name")
    VARIANT = "variant", _("Another form of the name")
    SOUND = "sound", _("Name sounds the same")
    CLOSE = "close", _("One character differs")
    OTHER = "other", _("Another name")


class BirthLevel(Choice):
    SAME = "same", _("Same day of birth")
    CLOSE = "close", _("Day of birth differs in one figure, or day and month changed places")
    YEAR = "year", _("Same year of birth")
    OTHER = "other", _("Another day of birth")


NAMES, BIRTHS = list(NameLevel), list(BirthLevel)
NAME_BITS = np.array([0.0, -0.5, -2.5, -7.0, -17.0])  # beside what the name itself is worth
LEAST_NAME, MOST_NAME = 2.0, 14.0
BIRTH_BITS = np.array([13.0, 7.0, 1.0, -9.0])
PHONE_BITS = np.array([12.0, -1.5, 0.0])  # the same, another, not known
SEX_BITS = np.array([1.0, -6.0])
MARGIN = 3.0  # bits beyond even odds


@dataclass(frozen=True, slots=True)
class People:
    """Records to compare, one row each: `births` as 19800101; a phone as pages show it, or none."""

    names: Sequence[str]
    births: Any
    sexes: Sequence[str]
    phones: Sequence[str]


@dataclass(frozen=True, slots=True)
class Pairs:
    left: Any
    right: Any
    bits: Any
    name: Any  # levels, as places in NAMES and BIRTHS
    birth: Any
    same_phone: Any

    def __len__(self) -> int:
        return len(self.left)


def folded(name: str) -> str:
    """A name without what only its writing changes: width, dots, spaces, forms of a character."""
    plain = unicodedata.normalize("NFKC", name).translate(FOLD)
    return "".join(one for one in plain if one.isalnum()).casefold()


def pairs(people: People, sounds: Callable[[str], str], *, margin: float = MARGIN) -> Pairs:
    """All pairs whose evidence outweighs the odds. `sounds` gives the pinyin of one character."""
    count = len(people.names)
    exact = _coded(people.names)
    plain = [folded(one) for one in people.names]
    heard = ["".join(map(sounds, one)) for one in plain]
    plain_codes, heard_codes = _coded(plain), _coded(heard)
    births, phones = np.asarray(people.births, dtype=np.int64), _coded(people.phones, empty="")
    left, right = _blocked(heard, heard_codes, births, phones)
    if len(left) == 0:
        nothing = np.zeros(0)
        return Pairs(left, right, nothing, left, left, nothing.astype(bool))
    name = _name_levels(left, right, exact, plain, plain_codes, heard_codes)
    birth = _birth_levels(births[left], births[right])
    worth = np.clip(np.log2(count / np.bincount(plain_codes)[plain_codes]), LEAST_NAME, MOST_NAME)
    common = np.minimum(worth[left], worth[right])
    known = (phones[left] != NONE) & (phones[right] != NONE)
    same_phone = known & (phones[left] == phones[right])
    sex = np.asarray(people.sexes)
    bits = (
        np.where(name == 4, 0, common) + NAME_BITS[name] + BIRTH_BITS[birth]
        + PHONE_BITS[np.where(same_phone, 0, np.where(known, 1, 2))] + SEX_BITS[(sex[left] != sex[right]).astype(int)]
    )  # fmt: skip
    keep = np.flatnonzero(bits > np.log2(max(count, 2)) + margin)
    keep = keep[np.argsort(-bits[keep], kind="stable")]
    return Pairs(left[keep], right[keep], bits[keep], name[keep], birth[keep], same_phone[keep])


def _coded(texts: Sequence[str], empty: str | None = None) -> Any:
    """Each text as a number from 1; 0 for one that says nothing."""
    seen: dict[str, int] = {} if empty is None else {empty: NONE}
    return np.fromiter((seen.setdefault(one, len(seen) + (empty is None)) for one in texts), np.int64, len(texts))


def _blocked(heard: Sequence[str], heard_codes: Any, births: Any, phones: Any) -> tuple[Any, Any]:
    """Pairs that share enough to be looked at: the day of birth and how the name begins; how the name sounds with the
    year or with the day of the year; the phone."""
    first = _coded([one[:1] for one in heard])
    keys = (
        (births * 4096 + first, np.ones(len(first), dtype=bool)),
        (heard_codes * 10_000 + births // 10_000, np.ones(len(first), dtype=bool)),
        (heard_codes * 10_000 + births % 10_000, np.ones(len(first), dtype=bool)),
        (phones, phones != NONE),
    )
    found = [_within(key, use) for key, use in keys]
    left, right = (np.concatenate([one[n] for one in found]) for n in (0, 1))
    both = np.unique(np.minimum(left, right) * len(heard) + np.maximum(left, right))
    return both // len(heard), both % len(heard)


def _within(key: Any, use: Any, widest: int = 2000) -> tuple[Any, Any]:
    """All pairs of rows with one key; a key that more than `widest` rows have says nothing."""
    rows = np.flatnonzero(use)
    rows = rows[np.argsort(key[rows], kind="stable")]
    keys = key[rows]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else np.zeros(0, dtype=int)
    sizes = np.diff(np.r_[starts, len(keys)])
    ends = np.repeat(starts + np.where(sizes <= widest, sizes, 0), sizes)
    after = np.maximum(ends - np.arange(len(rows)) - 1, 0)
    left = np.repeat(np.arange(len(rows)), after)
    step = np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after) + 1
    return rows[left], rows[left + step]


def _name_levels(left: Any, right: Any, exact: Any, plain: Sequence[str], plain_codes: Any, heard_codes: Any) -> Any:
    close = _one_apart(left, right, plain)
    return np.select(
        [
            exact[left] == exact[right],
            plain_codes[left] == plain_codes[right],
            heard_codes[left] == heard_codes[right],
            close,
        ],
        [0, 1, 2, 3],
        4,
    )


def _one_apart(left: Any, right: Any, plain: Sequence[str]) -> Any:
    """One character put in, left out or taken for another; or one name the beginning of the other, as transliterated
    names are cut short. What both begin with and end with then covers the shorter."""
    signs = np.zeros((len(plain), MOST), dtype=np.int32)
    length = np.zeros(len(plain), dtype=np.int64)
    for n, one in enumerate(plain):
        cut = one[:MOST]
        signs[n, : len(cut)] = np.fromiter(map(ord, cut), np.int32, len(cut))
        length[n] = len(cut)
    a, b, la, lb = signs[left], signs[right], length[left], length[right]
    shorter = np.minimum(la, lb)
    place = np.arange(MOST)
    begin = np.logical_and.accumulate((a == b) & (place < shorter[:, None]), axis=1).sum(axis=1)
    a_end = np.take_along_axis(a, np.maximum(la[:, None] - 1 - place, 0), axis=1)
    b_end = np.take_along_axis(b, np.maximum(lb[:, None] - 1 - place, 0), axis=1)
    end = np.logical_and.accumulate((a_end == b_end) & (place < shorter[:, None]), axis=1).sum(axis=1)
    longer = np.maximum(la, lb)
    edited = (longer >= 2) & (longer - shorter <= 1) & (begin + end >= longer - 1)
    cut_short = (begin == shorter) & (shorter >= 3)
    return edited | cut_short


def _birth_levels(one: Any, other: Any) -> Any:
    digits = 10 ** np.arange(8)
    differ = ((one[:, None] // digits % 10) != (other[:, None] // digits % 10)).sum(axis=1)
    swapped = (one // 10_000 == other // 10_000) & (one // 100 % 100 == other % 100) & (one % 100 == other // 100 % 100)
    return np.select([one == other, (differ == 1) | swapped, one // 10_000 == other // 10_000], [0, 1, 2], 3)

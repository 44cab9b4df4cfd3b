"""Two records of one person: our matching beside Splink 5 on the same labelled records. Names are written in other forms,
misheard, mistyped or cut short; days of birth have a wrong figure or day and month changed places; phones change.
Both are judged at their best threshold on one seed and then, with that threshold, on another."""

import os
import time
import warnings
from collections.abc import Iterator

import numpy as np

from benchmarks._figures import Figure, at_least, at_most

PEOPLE = int(os.environ.get("MATCHING_PEOPLE", "100000"))
DUPLICATES = 0.2
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玉兰红建国春梅志海燕云飞龙鹏辉斌波宇浩然子轩梓涵欣怡佳琪思雨俊嘉豪雪婷晓东鑫森峰岩岳成林雯瑶颖莹倩琳璐佩珊珍瑞祥福德荣贵宝庆昌兴旺利民生和顺安康宁"
MINORITY = [
    "买买提",
    "阿卜杜拉",
    "艾尔肯",
    "古丽",
    "吐尔逊",
    "热合曼",
    "努尔",
    "扎西",
    "次仁",
    "卓玛",
    "央金",
    "巴特尔",
    "其其格",
    "阿依古丽",
    "帕尔哈提",
    "木合塔尔",
    "多吉",
    "旺堆",
]


def run() -> Iterator[Figure]:
    ours, theirs = {}, {}
    for seed in (1, 2):
        names, births, sexes, phones, truth = records(seed)
        ours[seed] = _ours(names, births, sexes, phones)
        theirs[seed] = _splink(names, births, sexes, phones)
        ours[seed] += (truth,)
        theirs[seed] += (truth,)
    figures = {}
    for who, runs in (("ours", ours), ("Splink", theirs)):
        limit = best(*runs[1][1:])
        figures[who] = (f1(*runs[2][1:], limit), runs[2][0])
    count = len(names)
    yield Figure(
        f"{count:,} records, {len(truth):,} true pairs: Splink",
        f"F1 {figures['Splink'][0]:.4f}, {figures['Splink'][1]:.1f} s",
    )
    yield at_least(
        "our F1 beside Splink's", figures["ours"][0] / figures["Splink"][0], 1.0, "x", f"({figures['ours'][0]:.4f})"
    )
    yield at_most(
        "our time beside Splink's", figures["ours"][1] / figures["Splink"][1], 0.5, "x", f"({figures['ours'][1]:.1f} s)"
    )


def records(seed: int) -> tuple[list[str], np.ndarray, list[str], list[str], set[tuple[int, int]]]:
    """People, a fifth of them twice, the second record spoilt in one or two ways; and which pairs are one person."""
    rng = np.random.default_rng(seed)
    weight = 1 / np.arange(1, len(SURNAMES) + 1)
    surnames = rng.choice(list(SURNAMES), PEOPLE, p=weight / weight.sum())
    weight = 1 / np.arange(5, len(GIVEN) + 5)
    given = rng.choice(list(GIVEN), (PEOPLE, 2), p=weight / weight.sum())
    names = [
        s + a + (b if two else "") for s, (a, b), two in zip(surnames, given, rng.random(PEOPLE) < 0.8, strict=True)
    ]
    for n in np.flatnonzero(rng.random(PEOPLE) < 0.05):
        names[n] = "·".join(rng.choice(MINORITY, 2))
    days = (np.datetime64("1960-01-01") + rng.integers(0, 16_000, PEOPLE)).astype(str)
    births = [int(one.replace("-", "")) for one in days]
    sexes = rng.choice(["1", "2"], PEOPLE).tolist()
    phones = [
        f"1{n // 10000:02}****{n % 10000:04}" if n >= 0 else ""
        for n in np.where(rng.random(PEOPLE) < 0.1, -1, rng.integers(300_000, 999_999, PEOPLE))
    ]
    truth = set()
    for n in rng.choice(PEOPLE, int(PEOPLE * DUPLICATES), replace=False):
        truth.add((int(n), len(names)))
        names.append(_spoilt_name(names[n], rng))
        births.append(_spoilt_birth(births[n], rng))
        sexes.append(sexes[n] if rng.random() > 0.005 else "2")
        fate = rng.random()
        phones.append(
            phones[n] if fate < 0.6 else "" if fate < 0.7 else f"1{rng.integers(30, 99)}****{rng.integers(0, 9999):04}"
        )
    return names, np.array(births), sexes, phones, truth


VARIANT = {
    "张": "張",
    "华": "華",
    "杰": "傑",
    "伟": "偉",
    "国": "國",
    "峰": "峯",
    "刘": "劉",
    "陈": "陳",
    "杨": "楊",
    "马": "馬",
    "龙": "龍",
    "飞": "飛",
    "丽": "麗",
    "兰": "蘭",
    "肖": "蕭",
    "于": "於",
    "云": "雲",
}
SOUND = {
    "静": "净",
    "婷": "亭",
    "晓": "小",
    "怡": "宜",
    "涵": "含",
    "伟": "维",
    "明": "鸣",
    "文": "闻",
    "莹": "盈",
    "琳": "林",
    "宇": "雨",
    "浩": "皓",
    "佳": "嘉",
    "志": "智",
    "建": "健",
    "芳": "方",
    "敏": "闽",
    "英": "鹰",
}


def _spoilt_name(name: str, rng: np.random.Generator) -> str:
    fate = rng.random()
    if "·" in name:
        return (
            name.replace("·", rng.choice(["•", ".", "", " "]))
            if fate < 0.5
            else name.split("·")[0]
            if fate < 0.65
            else name
        )
    table = VARIANT if fate < 0.12 else SOUND if fate < 0.25 else None
    if table is not None:
        return "".join(table.get(one, one) for one in name)
    if fate < 0.33:
        place = int(rng.integers(1, len(name)))
        return name[:place] + str(rng.choice(list(GIVEN))) + name[place + 1 :]
    return name


def _spoilt_birth(birth: int, rng: np.random.Generator) -> int:
    fate = rng.random()
    year, month, day = birth // 10_000, birth // 100 % 100, birth % 100
    if fate < 0.04 and day <= 12:
        return year * 10_000 + day * 100 + month
    if fate < 0.1:
        return year * 10_000 + month * 100 + (day + 10 if day <= 18 else day - 10)
    return birth + 10_000 if fate < 0.13 else birth


def _ours(
    names: list[str], births: np.ndarray, sexes: list[str], phones: list[str]
) -> tuple[float, list[tuple[int, int]], np.ndarray]:
    from rollbook.exchange.queries import sounds
    from rollbook.exchange.rules.matching import People, pairs

    began = time.perf_counter()
    found = pairs(People(names, births, sexes, phones), sounds, margin=-12)
    took = time.perf_counter() - began
    return took, list(zip(found.left.tolist(), found.right.tolist(), strict=True)), found.bits


def _splink(
    names: list[str], births: np.ndarray, sexes: list[str], phones: list[str]
) -> tuple[float, list[tuple[int, int]], np.ndarray]:
    """As its guide advises for people: blocking, training by expectation and maximisation, levels by likeness."""
    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    warnings.simplefilter("ignore")
    text = births.astype(str)
    frame = pd.DataFrame({
        "unique_id": np.arange(len(names)), "name": names, "sex": sexes, "phone": [one or None for one in phones],
        "birth": [f"{one[:4]}-{one[4:6]}-{one[6:]}" for one in text],
    })  # fmt: skip
    frame["birth_year"], frame["birth_day"], frame["first"] = (
        frame.birth.str[:4],
        frame.birth.str[5:],
        frame.name.str[:1],
    )
    began = time.perf_counter()
    settings = SettingsCreator(
        link_type="dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("birth", "first"), block_on("name", "birth_year"), block_on("name", "birth_day"), block_on("phone"),
        ],
        comparisons=[
            cl.LevenshteinAtThresholds("name", [1, 2]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("birth", [1, 2]), cl.ExactMatch("phone"), cl.ExactMatch("sex"),
        ],
    )  # fmt: skip
    linker = Linker(DuckDBAPI().register(frame), settings)
    linker.training.estimate_probability_two_random_records_match([block_on("name", "birth")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("name"))
    found = linker.inference.predict(threshold_match_weight=-12).as_pandas_dataframe()
    took = time.perf_counter() - began
    both = np.sort(found[["unique_id_l", "unique_id_r"]].to_numpy(), axis=1)
    return took, list(map(tuple, both.tolist())), found.match_weight.to_numpy()


def _judged(
    found: list[tuple[int, int]], bits: np.ndarray, truth: set[tuple[int, int]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    order = np.argsort(-bits)
    right = np.cumsum([found[n] in truth for n in order])
    precision, recall = right / np.arange(1, len(order) + 1), right / len(truth)
    return bits[order], 2 * precision * recall / np.maximum(precision + recall, 1e-9), order


def best(found: list[tuple[int, int]], bits: np.ndarray, truth: set[tuple[int, int]]) -> float:
    limits, score, _order = _judged(found, bits, truth)
    return float(limits[int(np.argmax(score))])


def f1(found: list[tuple[int, int]], bits: np.ndarray, truth: set[tuple[int, int]], limit: float) -> float:
    limits, score, _order = _judged(found, bits, truth)
    return float(score[max(int((limits >= limit).sum()) - 1, 0)])

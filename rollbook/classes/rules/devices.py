"""Kiosks and card readers: their life, and when what they send counts (domain 2.5, N4.1)."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from rollbook.kernel.choices import Choice
from rollbook.kernel.lifecycle import Lifecycle
from rollbook.kernel.messages import Message, _
from rollbook.kernel.reasons import reason


class DeviceKind(Choice):
    KIOSK = "kiosk", _("Kiosk at the classroom door")
    READER = "reader", _("ID-card reader")


class DeviceState(Choice):
    REGISTERED = "registered", _("Waits for activation")
    ACTIVE = "active", _("Active")
    REVOKED = "revoked", _("Revoked")


class DeviceMove(Choice):
    ACTIVATE = "activate", _("Activate")
    REVOKE = "revoke", _("Revoke")


DEVICES = Lifecycle(
    {
        (DeviceState.REGISTERED, DeviceMove.ACTIVATE): DeviceState.ACTIVE,
        (DeviceState.REGISTERED, DeviceMove.REVOKE): DeviceState.REVOKED,
        (DeviceState.ACTIVE, DeviceMove.REVOKE): DeviceState.REVOKED,
    }
)
CLOCK_MAY_BE_OFF = 120  # seconds; what a phone or kiosk that keeps time by the network stays far below


def clock_is_off(skew_seconds: int | None) -> bool:
    return abs(skew_seconds or 0) > CLOCK_MAY_BE_OFF


def reasons_against_device(*, name: str, serial: str, is_taken: bool, room_is_own: bool) -> Iterator[Message]:
    if not name.strip():
        yield reason("device-name", _("Give the device a name that people at the door recognise."), "N4.1")
    if not serial.strip():
        yield reason("device-serial", _("Give the serial number printed on the device."), "N4.1")
    if is_taken:
        yield reason("device-known", _("A device with this serial number is registered already."), "N4.1")
    if not room_is_own:
        yield reason("device-room", _("Choose a room of your own institution."), "N4.1")


def gaps(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """The first and last number of every run that is missing between the numbers received."""
    known = sorted(set(sequences))
    return [(one + 1, other - 1) for one, other in pairwise(known) if other - one > 1]

from collections.abc import Iterator
from datetime import date
from typing import IO, TYPE_CHECKING, Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from rollbook.accounts.rules import Permission, holds
from rollbook.evidence import files, rules
from rollbook.evidence.files import camera_time as camera_time
from rollbook.evidence.files import fingerprint_of as fingerprint_of
from rollbook.evidence.files import frame as frame
from rollbook.evidence.models import Item, LegalHold, Pair, Scrub
from rollbook.kernel.reasons import NotFound
from rollbook.regions.rules import prefix

if TYPE_CHECKING:
    from rollbook.accounts.models import Account


def visible_to(by: "Account") -> QuerySet[Item]:
    """Evidence of the office's region or of the own institution; a teacher sees the own uploads."""
    found = Item.objects.defer("thumbnail", "bands")
    if not holds(by, Permission.EVIDENCE_READ):
        return found.none()
    if by.role == "teacher":
        return found.filter(institution_id=by.institution_id or 0, stored_by=by)
    if by.institution_id is not None:
        return found.filter(institution_id=by.institution_id)
    return found.filter(region_code__startswith=prefix(by.region_code))


def get(by: "Account", item_id: int) -> Item:
    try:
        return visible_to(by).select_related("stored_by").get(pk=item_id)
    except Item.DoesNotExist:
        raise NotFound from None


def by_id(item_id: int) -> Item:
    """For contexts above that have checked who asks."""
    return Item.objects.select_related("stored_by").get(pk=item_id)


def of_dossier(*dossiers: str) -> QuerySet[Item]:
    """All that belongs to some files, oldest first: for contexts above that have checked who asks."""
    return (
        Item.objects.defer("thumbnail", "bands").filter(dossier__in=dossiers).select_related("stored_by").order_by("pk")
    )


def of_subject(subject: str) -> QuerySet[Item]:
    return Item.objects.defer("thumbnail", "bands").filter(subject=subject).order_by("pk")


def used_by(institution_id: int | None) -> int:
    """The bytes that an institution's own evidence takes."""
    kept = Item.objects.filter(institution_id=institution_id, removed_at=None).exclude(kind=rules.Kind.RECORDING)
    used: int = kept.aggregate(n=Sum("size", default=0))["n"]
    return used


def near(fingerprint: int | None) -> Iterator[tuple[Item, int]]:
    """Earlier pictures that are nearly this one, however they were cut down or encoded (domain 5.2, D50)."""
    if fingerprint is None or rules.is_plain(fingerprint):
        return
    found = Item.objects.defer("thumbnail").filter(bands__overlap=rules.bands(fingerprint), fingerprint__isnull=False)
    for one in found.order_by("pk"):
        bits = rules.distance(one.fingerprint or 0, fingerprint)
        if bits <= rules.ALIKE:
            yield one, bits


def pairs_of(item_id: int) -> QuerySet[Pair]:
    return (
        Pair.objects.filter(Q(one=item_id) | Q(other=item_id)).select_related("one", "other").order_by("distance", "pk")
    )


def still(subject: Any) -> QuerySet[Item]:
    """What is still kept of a subject, given as a part of a query."""
    return Item.objects.filter(subject=subject, removed_at=None)


def photos() -> QuerySet[Item]:
    """Every photograph, for screening by contexts above."""
    return Item.objects.filter(kind=rules.Kind.PHOTO).order_by("pk")


def screened_pairs() -> "QuerySet[Pair, Any]":
    """Pictures that are nearly one, the later first: found when the later was stored, and never changed."""
    return Pair.objects.values("distance", photo_id=F("other_id"), other_photo_id=F("one_id"))


def pairs(by: "Account") -> QuerySet[Pair]:
    """Near-duplicates of which the account may see the later picture: for screening."""
    return Pair.objects.filter(other__in=visible_to(by)).select_related("one", "other").order_by("-pk")


def live_hold(dossier: str) -> LegalHold | None:
    return LegalHold.objects.filter(dossier=dossier, lifted_at=None).select_related("placed_by").first()


def holds_of(by: "Account") -> QuerySet[LegalHold]:
    found = LegalHold.objects.select_related("placed_by", "lifted_by").order_by("-pk")
    if by.institution_id is not None or not holds(by, Permission.EVIDENCE_READ):
        return found.none()
    return found.filter(region_code__startswith=prefix(by.region_code))


def expired(today: date) -> QuerySet[Item]:
    """What the law no longer wants kept and no case needs."""
    held = LegalHold.objects.filter(dossier=OuterRef("dossier"), lifted_at=None)
    return Item.objects.filter(removed_at=None, keep_until__lt=today).filter(~Exists(held)).order_by("pk")


def others_with(item: Item) -> bool:
    """Whether other evidence still rests on the same bytes."""
    return (
        Item.objects.filter(sha256=item.sha256, extension=item.extension, removed_at=None).exclude(pk=item.pk).exists()
    )


def kept() -> QuerySet[Item]:
    return Item.objects.only("pk", "sha256", "extension", "size").filter(removed_at=None).order_by("pk")


def opened(item: Item) -> IO[bytes]:
    """The bytes as they are kept: for contexts that have checked who asks."""
    return files.opened(item.path)


def last_scrubs(limit: int = 10) -> list[Scrub]:
    return list(Scrub.objects.order_by("-pk")[:limit])


def dossiers() -> "QuerySet[Item]":
    """Within a query of deeds: the evidence, with the file that it belongs to."""
    return Item.objects.order_by()

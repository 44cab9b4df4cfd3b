from django.db import models
from django.db.models import F, Q

from rollbook.persons import rules


class Person(models.Model):
    """A real person, once. The identity number is sealed in `Sealed`; its digest finds it."""

    name = models.CharField(max_length=64)
    sex = models.CharField(max_length=1, choices=rules.Sex.choices())
    birth_on = models.DateField()
    id_kind = models.CharField(max_length=24, choices=rules.IdKind.choices(), default="citizen")
    id_digest = models.CharField(max_length=64, unique=True)  # keyed (HMAC-SHA-256), hexadecimal
    id_masked = models.CharField(max_length=18)  # as every page shows it
    phone_masked = models.CharField(max_length=16, blank=True)
    phone_digest = models.CharField(max_length=64, blank=True)  # keyed: equal telephones are found, none is read
    bank_masked = models.CharField(max_length=32, blank=True)  # bank and last four digits
    bank_digest = models.CharField(max_length=64, blank=True, db_index=True)
    account_kind = models.CharField(max_length=16, choices=rules.AccountKind.choices(), default="social-card")
    account_why = models.CharField(max_length=200, blank=True)  # why it is not the card
    account_changed_at = models.DateTimeField(null=True)  # from one account to another, not the first
    category = models.CharField(max_length=16, choices=rules.Category.choices(), blank=True)
    region_code = models.CharField(max_length=6, blank=True)  # of usual residence
    verification = models.CharField(max_length=16, choices=rules.Verification.choices(), default="pending")
    verified_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="person_is_not_merged_into_itself", condition=~Q(merged_into=F("pk"))),
            models.CheckConstraint(
                name="another_account_has_its_reason",
                condition=Q(account_kind="social-card") | ~Q(account_why=""),
            ),
            models.CheckConstraint(
                name="person_verification_has_its_time",
                condition=Q(verification="pending") | Q(verified_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["name"], name="person_by_name")]

    def __str__(self) -> str:
        return self.name


class Sealed(models.Model):
    """Everything about a person that must not lie open: one packed, encrypted record a row."""

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="sealed")
    key_version = models.PositiveSmallIntegerField()
    box = models.BinaryField()  # AES-256-GCM: nonce + ciphertext of JSON, bound to the person's id

    def __str__(self) -> str:
        return f"sealed #{self.pk}"


class Enquiry(models.Model):
    """A question to the population service, and its answer when there is one."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="enquiries")
    asked_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=16, choices=rules.Verification.choices(), default="pending")
    detail = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"enquiry #{self.pk}"


class Organisation(models.Model):
    """An employer or institution that subsidies are paid to where the policy says so (N16.2): its account, sealed."""

    name = models.CharField(max_length=128)  # as the bank has it
    uscc = models.CharField(max_length=18, unique=True)  # GB 32100
    region_code = models.CharField(max_length=6)  # whose office may mend it
    bank_masked = models.CharField(max_length=32, blank=True)
    bank_digest = models.CharField(max_length=64, blank=True, db_index=True)
    phone_masked = models.CharField(max_length=16, blank=True)  # who is told of a change
    document = models.CharField(max_length=200, blank=True)  # the paper that states the account
    account_changed_at = models.DateTimeField(null=True)  # from one account to another, not the first
    key_version = models.PositiveSmallIntegerField(null=True)
    box = models.BinaryField(null=True)  # account and phone, sealed
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="organisation_account_is_sealed_and_shown_by_a_paper",
                condition=Q(bank_digest="", bank_masked="") | Q(box__isnull=False) & ~Q(document=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """What a payee is told: of a change of account, at the contact of before it, or of money; sent once."""

    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="notices")
    organisation = models.ForeignKey(Organisation, models.PROTECT, null=True, related_name="notices")
    kind = models.CharField(max_length=16, choices=rules.NoticeKind.choices(), default="account")
    at = models.DateTimeField()
    was = models.CharField(max_length=32)  # masked
    now = models.CharField(max_length=32)
    phone_masked = models.CharField(max_length=16, blank=True)  # none: shown on the person's own page only
    key_version = models.PositiveSmallIntegerField(null=True)
    box = models.BinaryField(null=True)  # the phone, sealed, until the message is sent
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="notice_is_to_a_person_or_an_organisation",
                condition=Q(person__isnull=False, organisation=None) | Q(person=None, organisation__isnull=False),
            )
        ]
        indexes = [models.Index(fields=["id"], name="notice_to_send", condition=Q(box__isnull=False))]

    def __str__(self) -> str:
        return f"notice #{self.pk}"


class Candidate(models.Model):
    """Two records that may be of one person: found by night, compared by the province, merged or put aside (N3.1)."""

    older = models.ForeignKey(Person, models.CASCADE, related_name="+")
    newer = models.ForeignKey(Person, models.CASCADE, related_name="+")
    likeness = models.CharField(max_length=8, choices=rules.Likeness.choices())
    found_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="candidate_pair_once", fields=["older", "newer"]),
            models.CheckConstraint(name="candidates_are_two", condition=Q(older__lt=F("newer"))),
        ]

    def __str__(self) -> str:
        return f"{self.older} / {self.newer}"

"""What detectors read and nothing in this system fills, and why: until it does, nothing is found by it.

A table, or `table.column`. A test holds that the list is whole, and that nothing stands in it that is filled.
"""

WAITING = {
    "bank_accounts.holder_kind": "the bank says whose an account is by number, not that it acts for an institution",
    "calls.answer": "what was said on the phone is not digested yet",
    "check_ins.batch": "check-ins are sent one by one; those of one second are taken for one batch (D55)",
    "companies.account": "the company register has no account",
    "companies.agent": "the company register does not say who acts for a company",
    "companies.insured": "those insured are not counted by company yet",
    "documents": "papers of classes have no digest of their words yet",
    "enrolments.network": "the network of a sign-up is not kept",
    "institutions.agent": "who acts for an institution is not filed",
    "lessons.filed_room_id": "the room as first filed is not kept yet",
    "lessons.filed_teacher_id": "the teacher as first filed is not kept yet",
    "persons.address": "the register of persons keeps no address",
    "photos.people": "pictures of identity cards are not kept",
    "photos.person_id": "pictures of identity cards are not kept",
    "purchases": "what was bought for a class is not filed",
    "reviews.network": "the journal keeps no network of a decision",
    "reviews.seconds": "how long an object lay open is not measured",
    "sign_ins": "signing in is not read yet",
    "teachers.joined_on": "the day on which a teacher came is not filed",
}

"""Which lists become files, and which files are taken in: the name that a job keeps, and what builds the table for a request
or takes the file."""

EXPORTS: dict[str, str] = {
    "classes": "rollbook.classes.views.application.class_table",
    "class-reviews": "rollbook.classes.views.application.review_table",
    "certificates": "rollbook.certificates.views.certificate_table",
    "devices": "rollbook.classes.views.devices.device_table",
    "make-ups": "rollbook.classes.views.make_ups.make_up_table",
    "institutions": "rollbook.institutions.views.institution_table",
    "apprenticeships": "rollbook.subsidies.views.apprentices.apprenticeship_table",
    "work-papers": "rollbook.subsidies.views.papers.paper_table",
    "claims": "rollbook.subsidies.views.claims.claim_table",
    "discrepancies": "rollbook.subsidies.views.recomputation.discrepancy_table",
    "proposals": "rollbook.subsidies.views.proposals.proposal_table",
    "fees": "rollbook.fees.views.sign_up_table",
    "alerts": "rollbook.risk.views.alerts.alert_table",
    "cases": "rollbook.supervision.views.cases.case_table",
    "persons": "rollbook.persons.views.person_table",
    "accounts": "rollbook.persons.views.account_table",
    "books": "rollbook.funds.views.books.book_table",
    "differences": "rollbook.funds.views.bank.difference_table",
    "recoveries": "rollbook.funds.views.recoveries.recovery_table",
    "journal": "rollbook.reports.views.journal_table",
}

IMPORTS: dict[str, str] = {
    "roster": "rollbook.classes.actions.import_roster",
    "lessons": "rollbook.classes.actions.import_lessons",
    "scores": "rollbook.assessment.actions.import_scores",
    "answers": "rollbook.assessment.actions.import_answers",
    "teachers": "rollbook.institutions.actions.import_teachers",
    "rooms": "rollbook.institutions.actions.import_rooms",
    "demand-list": "rollbook.directory.actions.import_items",
}

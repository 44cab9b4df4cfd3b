"""What follows from what: when the journal records the left, the tasks on the right are queued."""

REACTIONS: dict[str, list[str]] = {
    "class.submitted": ["rollbook.risk.tasks.screen_roster"],
    "certificate.revoked": ["rollbook.subsidies.tasks.certificate_revoked"],
    "claim.held": ["rollbook.subsidies.tasks.claim_looked_into"],
    "claim.hold-lifted": ["rollbook.subsidies.tasks.claim_looked_into"],
    "work-paper.decided": ["rollbook.subsidies.tasks.paper_decided"],
    "person.merged": ["rollbook.subsidies.tasks.person_merged", "rollbook.faces.tasks.person_merged"],
    "person.unmerged": ["rollbook.subsidies.tasks.person_merged"],
    "filing.asked": ["rollbook.subsidies.tasks.run_filing"],
    "claim.filed": ["rollbook.risk.tasks.screen_claim"],
    "alert.closed": ["rollbook.supervision.tasks.follow_alert"],
    "export.asked": ["rollbook.web.tasks.run_export"],
    "person.registered": ["rollbook.persons.tasks.verify_person"],
    "person.account-changed": ["rollbook.funds.tasks.account_changed", "rollbook.persons.tasks.send_notices"],
    "organisation.account-changed": [
        "rollbook.funds.tasks.organisation_account_changed",
        "rollbook.persons.tasks.send_notices_to_organisation",
    ],
    "camera.recorded": ["rollbook.live.tasks.cut_recording"],
    "batch.made": ["rollbook.funds.tasks.ask_owners"],
    "batch.owners-asked": ["rollbook.funds.tasks.ask_owners"],
    "batch.released": ["rollbook.funds.tasks.hand_to_bank"],
    "payment.paid": ["rollbook.subsidies.tasks.payment_paid"],
    "simulation.asked": ["rollbook.subsidies.tasks.run_simulation"],
    "recomputation.asked": ["rollbook.subsidies.tasks.recompute"],
    "payment.failed": ["rollbook.subsidies.tasks.payment_failed"],
}

"""What follows from what: when the journal records the left, the tasks on the right are queued."""

REACTIONS: dict[str, list[str]] = {
    "person.registered": ["rollbook.persons.tasks.verify_person"],
}

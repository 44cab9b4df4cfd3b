from django_tasks import task

from rollbook.classes import actions


@task
def take_event_file(file_id: int) -> None:
    """Events that a device kept came as a file."""
    actions.run_event_file(file_id=file_id)

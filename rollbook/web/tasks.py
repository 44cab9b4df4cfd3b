from django_tasks import task

from rollbook.web import actions


@task
def run_export(job_id: int) -> None:
    """Write the file of a long export."""
    actions.run_export(job_id=job_id)

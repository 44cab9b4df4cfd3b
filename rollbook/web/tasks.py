from django_tasks import task

from rollbook.web import actions


@task
def run_export(job_id: int) -> None:
    """Write the file of a long export."""
    actions.run_export(job_id=job_id)


@task
def run_import(job_id: int) -> None:
    """Take a long file in."""
    actions.run_import(job_id=job_id)

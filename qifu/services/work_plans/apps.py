"""Work plans as a Django app."""

from django.apps import AppConfig


class WorkPlansConfig(AppConfig):
    """Declares the room at start."""

    name = "qifu.services.work_plans"
    label = "work_plans"
    verbose_name = "工作要点"

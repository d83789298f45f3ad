from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Regulars")

    def ready(self) -> None:
        """Every change of what the owner configures leaves a record: who, when, from what to what."""
        from auditlog.registry import auditlog

        from clients.configured import Configured

        for model in apps.get_models():
            if issubclass(model, Configured):
                auditlog.register(model, exclude_fields=["revision"])
        auditlog.register(apps.get_model("loyalty", "ApiKey"), exclude_fields=["key_hash"])
        staff = apps.get_model("clients", "Staff")
        auditlog.register(staff, exclude_fields=["password", "last_login"], m2m_fields={"groups", "locations"})
        auditlog.register(apps.get_model("django_celery_beat", "PeriodicTask"), include_fields=["enabled", "crontab"])

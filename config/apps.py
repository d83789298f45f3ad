import hashlib

from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _

SECRETS = {"clients.Gateway": ["url"]}
"""Columns whose changes are recorded, and not what is in them."""


def hidden(value: str) -> str:
    """What stands in the record in the place of a secret: one can tell that it changed, and nothing else."""
    return f"••• {hashlib.sha256(value.encode()).hexdigest()[:4]}" if value and value != "None" else ""


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = _("Regulars")

    def ready(self) -> None:
        """Every change of what the owner configures leaves a record: who, when, from what to what."""
        from auditlog.registry import auditlog

        from clients.configured import Configured

        for model in apps.get_models():
            if issubclass(model, Configured):
                secret = SECRETS.get(model._meta.label)
                unsaid = ["revision", "on_since"]
                auditlog.register(model, exclude_fields=unsaid, mask_fields=secret, mask_callable="config.apps.hidden")
        auditlog.register(apps.get_model("loyalty", "ApiKey"), exclude_fields=["key_hash"])
        sent = ["name", "template", "segment", "channel", "begins_at"]
        auditlog.register(apps.get_model("loyalty", "Mailing"), include_fields=sent)
        by_hand = ["by_hand", "hand_tier", "until", "reason", "by"]
        auditlog.register(apps.get_model("loyalty", "TierStanding"), include_fields=by_hand)
        staff = apps.get_model("clients", "Staff")
        auditlog.register(staff, exclude_fields=["password", "last_login"], m2m_fields={"groups", "locations"})
        auditlog.register(apps.get_model("django_celery_beat", "PeriodicTask"), include_fields=["enabled", "crontab"])

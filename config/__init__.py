"""The installation: settings, addresses, the menu, the timetable. It sees everybody and owns almost nothing."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

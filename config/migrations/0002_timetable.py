"""When each task is looked after."""

from django.db import migrations

from config.timetable import make_timetable, remove_timetable


class Migration(migrations.Migration):

    dependencies = [
        ("config", "0001_roles"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [migrations.RunPython(make_timetable, remove_timetable)]

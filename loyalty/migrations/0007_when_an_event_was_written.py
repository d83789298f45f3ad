import django.utils.timezone
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F


def as_they_happened(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Of the events that are there already it is not known when they were written."""
    apps.get_model('loyalty', 'Event').objects.update(written_at=F('at'))


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0006_events'),
    ]

    operations = [
        migrations.AlterField(
            model_name='event',
            name='at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='at'),
        ),
        migrations.AddField(
            model_name='event',
            name='written_at',
            field=models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False),
        ),
        migrations.RunPython(as_they_happened, migrations.RunPython.noop),
    ]

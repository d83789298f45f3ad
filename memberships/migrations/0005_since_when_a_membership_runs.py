from zoneinfo import ZoneInfo

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def say_since_when(apps: StateApps, _schema_editor: BaseDatabaseSchemaEditor) -> None:
    """What a first visit has begun runs since the day of it: the entry that gave it its last day tells."""
    business = apps.get_model("clients", "Business").objects.first()
    if business is None:
        return
    entries = apps.get_model("loyalty", "Entry").objects.filter(
        kind="adjust", account__unit="session", operation__startswith="membership:begins:visit:"
    )
    began = dict(entries.order_by("-pk").values_list("account", "at"))
    memberships = apps.get_model("memberships", "Membership").objects
    rows = list(memberships.filter(pk__in=entries.values("account"), waits=False))
    for row in rows:
        row.began_on = began[row.pk].astimezone(ZoneInfo(business.timezone)).date()
    memberships.bulk_update(rows, ["began_on"], batch_size=500)


class Migration(migrations.Migration):

    dependencies = [
        ('clients', '0005_letter_for_friends'),
        ('loyalty', '0009_since_when_a_program_is_on'),
        ('memberships', '0004_what_a_plan_can_be_set_to'),
    ]

    operations = [
        migrations.AddField(
            model_name='membership',
            name='began_on',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.RunPython(say_since_when, migrations.RunPython.noop),
    ]

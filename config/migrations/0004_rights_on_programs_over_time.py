"""Rights on letters, mailings, chains, stamps, gifts, prizes and closures; the new tasks of the timetable."""

from django.db import migrations

from config.roles import giving
from config.timetable import make_timetable

BROUGHT = (
    "clients.personaldate",
    "clients.lettertemplate",
    "clients.letterrules",
    "clients.gateway",
    "clients.message",
    "clients.silence",
    "loyalty.segmentmember",
    "loyalty.rfmscale",
    "loyalty.stampprogram",
    "loyalty.giftprogram",
    "loyalty.prize",
    "loyalty.prizestock",
    "loyalty.prizeclaim",
    "loyalty.freeservice",
    "loyalty.budget",
    "loyalty.tierchange",
    "loyalty.mailing",
    "loyalty.chain",
    "loyalty.chainstep",
    "loyalty.chainrun",
    "loyalty.chainevent",
    "loyalty.closure",
    "loyalty.extension",
    "loyalty.nightrun",
    "loyalty.hand_over_prize",
    "loyalty.set_tier",
    "loyalty.send_mailing",
    "loyalty.undo_closure",
)


class Migration(migrations.Migration):

    dependencies = [
        ("config", "0003_rights_on_discounts"),
        ("clients", "0003_letters_and_dates"),
        ("loyalty", "0004_programs_over_time"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.RunPython(giving(*BROUGHT), migrations.RunPython.noop),
        migrations.RunPython(make_timetable, migrations.RunPython.noop),
    ]

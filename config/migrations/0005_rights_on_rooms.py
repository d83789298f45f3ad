"""Rights on all that referrals, gift cards and memberships keep; the new tasks of the timetable."""

from django.db import migrations

from config.roles import giving
from config.timetable import make_timetable

BROUGHT = (
    "loyalty.webhook",
    "loyalty.event",
    "loyalty.delivery",
    "referrals.milestone",
    "referrals.partner",
    "referrals.reward",
    "referrals.partnerclient",
    "referrals.partnerstatement",
    "referrals.decide_referral",
    "referrals.pay_partner",
    "giftcards.giftcardbatch",
    "giftcards.giftcarddelivery",
    "giftcards.replace_giftcard",
    "giftcards.export_codes",
    "memberships.membershipperson",
    "memberships.freeze",
    "memberships.change",
    "memberships.renewal",
    "memberships.freeze_membership",
    "memberships.extend_membership",
    "memberships.transfer_membership",
    "memberships.count_no_show",
)


class Migration(migrations.Migration):

    dependencies = [
        ("config", "0004_rights_on_programs_over_time"),
        ("clients", "0004_devices"),
        ("loyalty", "0006_events"),
        ("referrals", "0002_rewards_and_partners"),
        ("giftcards", "0003_types_batches_and_deliveries"),
        ("memberships", "0003_life_of_a_membership"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.RunPython(giving(*BROUGHT), migrations.RunPython.noop),
        migrations.RunPython(make_timetable, migrations.RunPython.noop),
    ]

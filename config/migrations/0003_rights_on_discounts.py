"""Rights on segments, discounts, promo codes and tags; by hand, and on young checks."""

from django.db import migrations

from config.roles import giving

BROUGHT = (
    "clients.clienttag",
    "loyalty.cashbackmultiplier",
    "loyalty.segment",
    "loyalty.discount",
    "loyalty.discountstep",
    "loyalty.promocode",
    "loyalty.codebatch",
    "loyalty.issuedcode",
    "loyalty.promouse",
    "loyalty.refund_recent_visit",
    "loyalty.discount_by_hand",
)


class Migration(migrations.Migration):

    dependencies = [
        ("config", "0002_timetable"),
        ("clients", "0002_tags"),
        ("loyalty", "0003_discounts_and_segments"),
        ("memberships", "0002_refund_formula"),
    ]

    operations = [migrations.RunPython(giving(*BROUGHT), migrations.RunPython.noop)]

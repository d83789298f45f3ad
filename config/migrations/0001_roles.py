"""The four roles as groups, with their rights."""

from django.db import migrations

from config.roles import remove_roles, set_roles


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("clients", "0001_initial"),
        ("loyalty", "0002_append_only"),
        ("referrals", "0001_initial"),
        ("giftcards", "0002_initial"),
        ("memberships", "0001_initial"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
        ("auditlog", "0017_add_actor_email"),
    ]

    operations = [migrations.RunPython(set_roles, remove_roles)]

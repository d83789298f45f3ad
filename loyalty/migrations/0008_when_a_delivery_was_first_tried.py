from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0007_when_an_event_was_written'),
    ]

    operations = [
        migrations.AddField(
            model_name='delivery',
            name='first_tried_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]

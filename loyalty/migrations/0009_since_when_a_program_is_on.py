from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('loyalty', '0008_when_a_delivery_was_first_tried'),
    ]

    operations = [
        migrations.AddField(
            model_name='bonusprogram',
            name='on_since',
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]

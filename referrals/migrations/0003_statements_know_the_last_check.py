from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('referrals', '0002_rewards_and_partners'),
    ]

    operations = [
        migrations.AddField(
            model_name='partnerstatement',
            name='last_visit',
            field=models.PositiveBigIntegerField(editable=False, null=True),
        ),
    ]

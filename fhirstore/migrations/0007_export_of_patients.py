from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fhirstore", "0006_tally"),
    ]

    operations = [
        migrations.AddField(
            model_name="export",
            name="patients",
            field=models.JSONField(null=True),
        ),
    ]

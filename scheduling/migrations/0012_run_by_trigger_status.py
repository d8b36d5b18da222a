# Begun by Django 5.2.19 on 2026-11-25 19:42

from django.db import migrations, models

from ._planner import count_anew


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0011_token_scopes'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['trigger', 'scheduled_for', 'id', 'status'], name='run_by_trigger_status'),
        ),
        migrations.RemoveIndex(
            model_name='jobrun',
            name='run_by_trigger',
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]

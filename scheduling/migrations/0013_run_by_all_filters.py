# Begun by Django 5.2.19 on 2026-11-30 21:31

from django.db import migrations, models

from ._planner import count_anew


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0012_run_by_trigger_status'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['trigger', 'scheduled_for', 'id'], name='run_by_trigger'),
        ),
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['trigger', 'status', 'scheduled_for', 'id'], name='run_by_trigger_and_status'),
        ),
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['job_name', 'trigger', 'scheduled_for', 'id'], name='run_by_job_and_trigger'),
        ),
        migrations.AddIndex(
            model_name='jobrun',
            index=models.Index(fields=['job_name', 'trigger', 'status', 'scheduled_for', 'id'], name='run_by_job_trigger_status'),
        ),
        migrations.RemoveIndex(
            model_name='jobrun',
            name='run_by_job_trigger',
        ),
        migrations.RemoveIndex(
            model_name='jobrun',
            name='run_by_trigger_status',
        ),
        migrations.RunPython(count_anew, migrations.RunPython.noop),
    ]

# Begun by Django 5.2.19 on 2026-11-25 19:42

from django.db import migrations, models


def count_anew(apps, schema_editor):
    """Where somebody ran ANALYZE, SQLite prefers an index of which it knows nothing."""
    connection = schema_editor.connection
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone()[0]:
            cursor.execute("ANALYZE scheduling_jobrun")


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

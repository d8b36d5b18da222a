# Begun by Django 5.2.19 on 2026-11-30 21:56

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mods', '0016_default_of_folder_in_the_database'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='mod',
            name='mod_by_delisting',
        ),
        migrations.AddIndex(
            model_name='mod',
            index=models.Index(condition=models.Q(('delisted_at__isnull', False)), fields=['delisted_at'], name='mod_by_delisting'),
        ),
    ]

# Begun by Django 5.2.19 on 2026-11-25 04:49

from django.db import migrations, models


def begin_now(apps, schema_editor):
    """What was is not counted; but what goes on will be, and when jobs succeeded last is known."""
    alias = schema_editor.connection.alias
    JobRun, JobSchedule, CountedUpTo, RunCount, UncountedRun = (
        apps.get_model("scheduling", name)
        for name in ("JobRun", "JobSchedule", "CountedUpTo", "RunCount", "UncountedRun")
    )
    runs = JobRun.objects.using(alias)
    newest = runs.order_by("-id").values_list("id", flat=True).first() or 0
    going_on = runs.filter(status__in=("queued", "running")).values_list("id", flat=True)
    UncountedRun.objects.using(alias).bulk_create(
        [UncountedRun(run_id=run) for run in going_on.order_by()], batch_size=1_000
    )
    CountedUpTo.objects.using(alias).create(pk=1, upto=newest, newest=newest)
    names = JobSchedule.objects.using(alias).order_by("id").values_list("name", flat=True)[:100]
    for name in names:
        last = {
            status: runs.filter(job_name=name, status=status)
            .order_by("-scheduled_for")
            .values_list("finished_at", flat=True)
            .first()
            for status in ("succeeded", "failed")
        }
        RunCount.objects.using(alias).create(
            job_name=name, succeeded_at=last["succeeded"], failed_at=last["failed"]
        )


class Migration(migrations.Migration):

    dependencies = [
        ('scheduling', '0009_queues_and_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='CountedUpTo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upto', models.BigIntegerField(default=0)),
                ('newest', models.BigIntegerField(default=0)),
                ('looked_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RunCount',
            fields=[
                ('job_name', models.CharField(max_length=100, primary_key=True, serialize=False)),
                ('counts', models.JSONField(default=dict)),
                ('succeeded_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='UncountedRun',
            fields=[
                ('run_id', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.RunPython(begin_now, migrations.RunPython.noop),
    ]

from django.db import migrations

from mods import words


def index(apps, schema_editor):
    Mod, ModWords = (apps.get_model("mods", name) for name in ("Mod", "ModWords"))
    rows = (
        ModWords(
            mod_id=mod.pk,
            text=words.stored([mod.name, mod.author, mod.summary, *mod.identifiers, *mod.tags]),
            name_key=words.name_key(mod.name, mod.pk),
        )
        for mod in Mod.objects.filter(words=None).iterator()
    )
    ModWords.objects.bulk_create(list(rows), batch_size=500)


class Migration(migrations.Migration):
    """The mods that were there before searches had a table of words."""

    dependencies = [("mods", "0011_search_words")]

    operations = [migrations.RunPython(index, migrations.RunPython.noop)]

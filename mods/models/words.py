"""What a search looks in."""

from django.db import models

from .catalogue import Mod


class ModWords(models.Model):
    """The words of a mod, apart from it: a search reads nothing else of 50,000 mods."""

    mod = models.OneToOneField(
        Mod, on_delete=models.CASCADE, primary_key=True, related_name="words"
    )
    text = models.TextField()
    name_key = models.BinaryField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.text

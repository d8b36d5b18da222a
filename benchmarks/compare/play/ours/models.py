"""A table of mods as anybody would make it, for the other ways to bring it up to date."""

from typing import ClassVar

from django.db import models


class PlainMod(models.Model):
    modid = models.BigIntegerField(primary_key=True)
    assetid = models.BigIntegerField()
    downloads = models.BigIntegerField()
    follows = models.BigIntegerField()
    trendingpoints = models.BigIntegerField()
    comments = models.BigIntegerField()
    name = models.CharField(max_length=255)
    summary = models.CharField(max_length=255)
    modidstrs = models.JSONField()
    author = models.CharField(max_length=255)
    urlalias = models.CharField(max_length=255)
    side = models.CharField(max_length=20)
    type = models.CharField(max_length=20)
    logo = models.CharField(max_length=500)
    tags = models.JSONField()
    lastreleased = models.DateTimeField(null=True)
    content_hash = models.CharField(max_length=32, default="")

    objects: ClassVar[models.Manager["PlainMod"]] = models.Manager()

    class Meta:
        app_label = "ours"

    def __str__(self) -> str:
        return self.name

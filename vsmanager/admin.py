"""Django's own admins of people and groups, as careful with requests as ours."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User

from scheduling.admin_requests import CarefulAdmin

admin.site.unregister([User, Group])


@admin.register(User)
class CarefulUserAdmin(CarefulAdmin, UserAdmin):  # type: ignore[type-arg]
    pass


@admin.register(Group)
class CarefulGroupAdmin(CarefulAdmin, GroupAdmin):  # type: ignore[misc]
    pass

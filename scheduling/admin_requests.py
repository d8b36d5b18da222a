"""What a request to the admin may name: rows by keys that can be keys, lists by their filters.

Django hands the rest to the database. There ``_selected_action=abc`` or a number of 30 digits
is an error on the server, and ``?sealed__startswith=a`` tells, letter by letter, what no page
shows.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import get_fields_from_path
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse


def is_key(model: type[Model], value: Any) -> bool:
    """Whether a row of ``model`` could have this key, in this database."""
    field: Any = model._meta.pk
    while field.remote_field:
        field = field.target_field
    try:
        field.run_validators(field.to_python(value))
    except (ValidationError, ValueError):
        return False
    return bool(value != "")


class RowsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rows to choose; what can't be a key is refused in words."""

    def clean(self, value: Any) -> Any:
        rows: Any = self.queryset
        for each in value or ():
            if not is_key(rows.model, each):
                message = self.error_messages["invalid_pk_value"]
                raise ValidationError(message, "invalid_pk_value", {"pk": str(each)[:20]})
        return super().clean(value)


def _parameters(model: type[Model], list_filter: Any) -> list[str]:
    """How a filter beside the list asks: for a value or none, a row of another table, a lack."""
    if isinstance(list_filter, tuple):
        return [f"{list_filter[0]}__isempty"]  # the only filter that is given with a field
    if not isinstance(list_filter, str):
        return [list_filter.parameter_name]
    is_relation = get_fields_from_path(model, list_filter)[-1].is_relation
    asked = ("__id__exact", "__isnull") if is_relation else ("", "__exact", "__isnull")
    return [f"{list_filter}{each}" for each in asked]


class CarefulAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What every admin here is made of."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        filters = self.get_list_filter(request)
        known = {name for each in filters for name in _parameters(self.model, each)}
        return lookup in known and super().lookup_allowed(lookup, value, request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if chosen := request.POST.getlist(ACTION_CHECKBOX_NAME):
            sent = request.POST.copy()
            sent.setlist(ACTION_CHECKBOX_NAME, [key for key in chosen if is_key(self.model, key)])
            request.POST = sent  # type: ignore[assignment]
        return super().changelist_view(request, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        if not is_key(self.model, object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("form_class", RowsField)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

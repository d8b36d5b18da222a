"""Channels and rules in the admin, and the history of messages to look at."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from scheduling import reauth
from scheduling.admin_requests import CarefulAdmin

from ..admin import ReadOnlyAdmin
from .delivery import hurry
from .forms import ChannelForm, RuleForm
from .models import NewsChannel, NewsFlip, NewsMessage, NewsRule
from .problems import retold
from .testmessage import send_test


@admin.register(NewsChannel)
class NewsChannelAdmin(CarefulAdmin):
    """Whoever may see channels sees what kind of address they have; nobody sees the address."""

    form = ChannelForm
    list_display = ["name", "service", "shown_address", "enabled", "shown_problem"]
    readonly_fields = ["service", "shown_address", "shown_problem"]
    list_per_page = 50
    show_full_result_count = False
    change_form_template = "admin/mods/newschannel/change_form.html"

    def get_fieldsets(self, request: HttpRequest, obj: NewsChannel | None = None) -> Any:
        may = self.has_change_permission(request, obj) if obj else True
        return [
            (
                None,
                {
                    "fields": [
                        "name",
                        *(("address",) if may else ()),
                        *(("service", "shown_address", "shown_problem") if obj else ()),
                        *("enabled", "language", "grouped"),
                    ]
                },
            ),
            (_("Quiet hours"), {"fields": ["quiet_from", "quiet_to", "timezone"]}),
        ]

    @method_decorator(sensitive_post_parameters("address"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Whoever finds an open browser must not send the news, and what they tell, elsewhere.
        may = self.has_change_permission(request) or self.has_add_permission(request)
        if may and (stop := reauth.first(request)):
            return stop
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: NewsChannel, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and form.cleaned_data.get("address"):
            hurry(obj, timezone.now())

    def get_urls(self) -> list[URLPattern]:
        test = path(
            "<int:pk>/test/", self.admin_site.admin_view(self.test), name="mods_newschannel_test"
        )
        return [test, *super().get_urls()]

    def test(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test and tell what became of it; the person waits, for seconds at most."""
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        if not self.has_change_permission(request):
            raise PermissionDenied
        channel = NewsChannel.objects.filter(pk=pk).first()
        if channel is None:
            raise Http404
        if problem := send_test(channel):
            told = gettext("The test to %(channel)s failed: %(problem)s")
            level = messages.ERROR
        else:
            told, level = gettext("A test was sent to %(channel)s."), messages.SUCCESS
        self.message_user(request, told % {"channel": channel, "problem": retold(problem)}, level)
        return redirect(reverse("admin:mods_newschannel_change", args=[pk]))

    @admin.display(description=_("stored address"))
    def shown_address(self, channel: NewsChannel) -> str:
        return channel.masked()

    @admin.display(description=_("problem"), empty_value="")
    def shown_problem(self, channel: NewsChannel) -> str:
        if not channel.is_readable():
            return gettext("The address can't be read: SECRET_KEY has changed. Enter it again.")
        return retold(channel.problem)


# Whoever changes one of these asks for something else.
_ANOTHER_RULE = frozenset(("event", "game_version"))


@admin.register(NewsRule)
class NewsRuleAdmin(CarefulAdmin):
    form = RuleForm
    list_display = ["__str__", "shown_channels", "enabled"]
    list_filter = ["event", "enabled"]
    list_per_page = 50
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["event", "channels", "enabled", "tell_recovery"]}),
        (_("Jobs and the worker"), {"fields": ["job_name", "failures", "late_after_seconds"]}),
        (_("Tracked mods"), {"fields": ["mod_identifier", "game_version"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("channels")

    def save_model(self, request: HttpRequest, obj: NewsRule, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if _ANOTHER_RULE.intersection(form.changed_data):
            # Begins anew, as one that was just made: what it found answers another question.
            NewsFlip.objects.filter(rule=obj).delete()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a rule last found goes with it, though nobody may delete that by itself."""
        shown, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return shown, counts, lacking - {NewsFlip._meta.verbose_name}, protected

    @admin.display(description=_("channels"))
    def shown_channels(self, rule: NewsRule) -> str:
        return ", ".join(map(str, rule.channels.all())) or gettext("none")


@admin.register(NewsMessage)
class NewsMessageAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "channel_name", "first", "status", "tries", "shown_error"]
    list_filter = ["status", "is_test"]
    readonly_fields = [
        "channel_name", "lines", "omitted", "is_test", "status", "created_at", "released_at",
        "next_try_at", "tries", "delivered_at", "shown_error",
    ]  # fmt: skip
    fields = tuple(readonly_fields)

    @admin.display(description=_("last error"))
    def shown_error(self, message: NewsMessage) -> str:
        return retold(message.error)

    @admin.display(description=_("news"))
    def first(self, message: NewsMessage) -> str:
        return str(message.items[0])[:100] if message.items else ""

    @admin.display(description=_("news"))
    def lines(self, message: NewsMessage) -> str:
        return format_html_join("", "<p>{}</p>", ((item,) for item in message.items))


@admin.register(NewsFlip)
class NewsFlipAdmin(ReadOnlyAdmin):
    """What rules last found, and since when."""

    list_display = ["subject", "rule", "state", "since"]
    list_filter = ["rule__event"]
    list_select_related = ["rule"]
    readonly_fields = ["rule", "subject", "state", "since"]

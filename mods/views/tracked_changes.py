"""What people do to the list of tracked mods."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation, TooManyFilesSent
from django.core.files.uploadhandler import load_handler
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from scheduling.access import SignedIn, staff_may
from scheduling.views.back import back

from .. import identifier as identifiers
from .. import modlist, modpicker, tracking, uploads
from ..models import Mod, Origin, TrackedMod
from ..oneline import one_line, short
from ..tracking_steps import Deed, Outcome
from ..uploads import KeepNothing, SizeLimit
from ..wanted import Wanted, of_list
from .tracked import page_with

MAX_TYPED = 500_000


@require_POST
@staff_may("add", "mods.trackedmod")
def track(request: SignedIn, modid: int) -> HttpResponse:
    """Track a mod of the catalogue, by the identifier that was chosen or its only one."""
    mod = get_object_or_404(Mod.objects.only("name", "identifiers"), pk=modid)
    borne = modpicker.trackable(mod)
    asked = identifiers.folded(request.POST.get("identifier", "").strip())
    chosen = [each for each in borne if not asked or identifiers.folded(each) == asked]
    if not chosen:
        messages.error(
            request,
            _("%(mod)s can't be tracked by “%(identifier)s”: that is none of its identifiers.")
            % {"mod": mod.name, "identifier": short(asked)}
            if borne
            else _("%(mod)s has no identifier, so no server runs it.") % {"mod": mod.name},
        )
        return back(request, "mods-tracked")
    one = Wanted(identifier=chosen[0], modid=mod.pk, source=mod.name)
    done = tracking.track([one], Origin.CATALOGUE, request.user, now())
    _tell_one(request, done)
    return back(request, "mods-tracked")


def _tell_one(request: SignedIn, done: Outcome) -> None:
    for problem in done.problems:
        messages.error(request, str(problem))
    for step in done.steps:
        told = {"identifier": step.identifier}
        if step.deed == Deed.ADDED:
            messages.success(request, _("Tracked from now on: %(identifier)s.") % told)
        else:
            messages.info(request, _("Tracked already: %(identifier)s.") % told)


# What is answered here and to an upload is the list itself. So somebody may come back to the
# address without anything to send: by its line in the browser, or after signing in again.
_methods = require_http_methods(["GET", "HEAD", "POST"])


@csrf_exempt
@_methods
def paste(request: HttpRequest) -> HttpResponse:
    return _guarded_paste(request) if request.method == "POST" else _the_list(request)


@staff_may("view", "mods.trackedmod")
def _the_list(_request: SignedIn) -> HttpResponse:
    return redirect("mods-tracked")


@staff_may("view", "mods.trackedmod")
@staff_may("add", "mods.trackedmod")
def _guarded_paste(request: SignedIn) -> HttpResponse:
    return _within_limits(request, _paste)


@csrf_protect
def _paste(request: SignedIn) -> HttpResponse:
    text = request.POST.get("mods", "")
    if len(text) > MAX_TYPED:
        return page_with(request, problem=_("The list is too long: paste it in parts."), status=413)
    wanted, unread = of_list(modlist.parse(text))
    if not wanted and not unread:
        return page_with(
            request, typed=text, problem=_("Type at least one mod, as carryon@1.12.0.")
        )
    done = tracking.track(wanted, Origin.LIST, request.user, now(), unread)
    return _told(request, done, text if done.problems else "")


# Files are kept only of those who may send them: so the check of the form's token, which reads
# all that comes, is after the guard; and what is read for a refusal goes nowhere.
@csrf_exempt
@_methods
def upload(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _the_list(request)
    request.upload_handlers = [KeepNothing(request)]
    return _guarded_upload(request)


@staff_may("view", "mods.trackedmod")
@staff_may("add", "mods.trackedmod")
def _guarded_upload(request: SignedIn) -> HttpResponse:
    handlers = [load_handler(name, request) for name in settings.FILE_UPLOAD_HANDLERS]
    request.upload_handlers = [SizeLimit(request), *handlers]
    return _within_limits(request, _upload)


@csrf_protect
def _upload(request: SignedIn) -> HttpResponse:
    files = request.FILES.getlist("files")
    limit = request.upload_handlers[0]
    too_large = limit.too_large if isinstance(limit, SizeLimit) else []
    wanted, unread = uploads.read(files, too_large)
    if not wanted and not unread:
        return page_with(request, problem=_("Choose at least one file."))
    return _told(request, tracking.track(wanted, Origin.UPLOAD, request.user, now(), unread))


def _within_limits(request: SignedIn, view: Callable[[SignedIn], HttpResponse]) -> HttpResponse:
    """Answer in words what Django would refuse with a bare page."""
    problem = ""
    if uploads.is_too_large(request):
        return page_with(request, problem=uploads.total_too_large(), status=413)
    try:
        _read = request.POST
    except TooManyFilesSent:
        most = settings.DATA_UPLOAD_MAX_NUMBER_FILES
        problem = _("These are more than %(most)d files: upload fewer at a time.") % {"most": most}
    except RequestDataTooBig:
        problem = _("The list is too long: paste it in parts.")
    except (MultiPartParserError, SuspiciousOperation):
        problem = _("What was sent can't be read: try again.")
    if problem:
        return page_with(request, problem=problem, status=400)
    return view(request)


def _told(request: SignedIn, done: Outcome, typed: str = "") -> HttpResponse:
    """Nothing to read: back to the list. Else the list with what is to be told above it."""
    if done.problems or any(step.notes for step in done.steps):
        return page_with(request, done=done, typed=typed)
    messages.success(request, _("Mods: %(told)s.") % {"told": done.in_words})
    return redirect("mods-tracked")


@require_POST
@staff_may("change", "mods.trackedmod")
def change(request: SignedIn, pk: int) -> HttpResponse:
    """Say which version is installed."""
    tracked = get_object_or_404(TrackedMod, pk=pk)
    try:
        changed = tracking.set_version(
            tracked, one_line(request.POST.get("version", "")), request.user, now()
        )
    except tracking.NotAVersion as error:
        messages.error(request, str(error))
        return back(request, "mods-tracked")
    except TrackedMod.DoesNotExist:
        told = {"identifier": tracked.identifier}
        messages.error(request, _("No longer tracked: %(identifier)s.") % told)
        return back(request, "mods-tracked")
    told = {"identifier": tracked.identifier, "version": tracked.version or _("unknown")}
    if changed:
        messages.success(request, _("Installed version of %(identifier)s: %(version)s.") % told)
    else:
        messages.info(request, _("Nothing to do: %(version)s it was already.") % told)
    return back(request, "mods-tracked")


@require_POST
@staff_may("delete", "mods.trackedmod")
def remove(request: SignedIn, pk: int) -> HttpResponse:
    tracked = get_object_or_404(TrackedMod, pk=pk)
    tracking.untrack([tracked], request.user)
    messages.success(
        request, _("No longer tracked: %(identifier)s.") % {"identifier": tracked.identifier}
    )
    return back(request, "mods-tracked")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_may("view", "mods.trackedmod")
@staff_may("delete", "mods.trackedmod")
def clear(request: SignedIn) -> HttpResponse:
    """Take all off the list, once that is confirmed."""
    known = TrackedMod.objects.all()
    if request.method != "POST":
        context = {
            "title": _("Stop tracking all mods?"),
            "has_permission": True,
            "count": known.count(),
        }
        return render(request, "mods/tracked_clear.html", context)
    count = tracking.untrack(list(known), request.user)
    if count:
        text = ngettext(
            "%(count)d mod is no longer tracked.", "%(count)d mods are no longer tracked.", count
        )
        messages.success(request, text % {"count": count})
    else:
        messages.info(request, _("Nothing to do: no mods are tracked."))
    return redirect("mods-tracked")

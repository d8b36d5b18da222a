"""Who leads: one line, on every page."""

from django.http import HttpResponse
from django.utils.timezone import now
from django.views.decorators.http import require_safe

from ..access import SignedIn, staff_may
from ..live import part
from ..outlook import worker_state


@staff_may()
@require_safe
def worker(request: SignedIn) -> HttpResponse:
    """As a ``line`` that always says something, or a ``banner`` that only warns."""
    shown = "line" if request.GET.get("on") == "line" else "banner"
    return part(request, f"scheduling/_worker_{shown}.html", {"worker": worker_state(now())})

"""The history as a file for a spreadsheet."""

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from ..access import SignedIn, staff_may
from ..export import lines
from ..forms import RunFilter
from ..models import JobRun


@staff_may("view", "jobrun")
@require_safe
def export(request: SignedIn) -> HttpResponse | StreamingHttpResponse:
    """All runs that the list shows with this filter, not only one page of it."""
    wanted = RunFilter(request.GET)
    if not wanted.is_valid():
        told = [
            f"{name}: {error['message']}\n"
            for name, errors in wanted.errors.get_json_data().items()
            for error in errors
        ]
        return HttpResponse("".join(told), status=400, content_type="text/plain; charset=utf-8")
    name = f"runs-{timezone.localtime():%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        lines(wanted.apply(JobRun.objects.all())),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )

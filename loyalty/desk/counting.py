"""An action that the client has done is counted at the desk: a review, a survey, a post."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clients.refusals import Invalid, Refusal
from loyalty.actions import LONGEST_NOTE, record_action
from loyalty.desk.access import Desk, at_the_desk
from loyalty.desk.check import answer, is_partial, read_draft
from loyalty.desk.draft import KEY
from loyalty.desk.guest import find_client
from loyalty.models import Entry


@require_POST
@at_the_desk
def count(request: HttpRequest, desk: Desk) -> HttpResponse:
    """Count the action and say what it brought. Sent twice, it counts once. The open check stays as it is."""
    try:
        entry, problem = _counted(request, desk), ""
        facts = {"name": entry.lot.name, "amount": desk.house.currency.number(entry.amount)}
        done = _("%(name)s is counted: %(amount)s bonuses.") % facts
    except Refusal as refusal:
        done, problem = "", str(refusal)
    if is_partial(request):
        shown = {"counted": done, "count_problem": problem}
        return answer(request, desk, read_draft(request, desk), changed_client=True, more=shown)
    (messages.error if problem else messages.success)(request, problem or done)
    client = request.POST.get("action_client", "")
    return redirect(f"{resolve_url('desk:screen')}?{urlencode({'client': client})}")


def _counted(request: HttpRequest, desk: Desk) -> Entry:
    sent = request.POST
    client, key = find_client(sent.get("action_client", "")), sent.get("action_key", "")
    if client is None or not KEY.fullmatch(key):
        raise Invalid(_("There is no such client."))
    return record_action(
        client=client,
        code=sent.get("action", "")[:40],
        key=f"desk:{key}",
        by=desk.by,
        now=desk.now,
        note=sent.get("action_note", "")[:LONGEST_NOTE],
        place=desk.place.code,
    )

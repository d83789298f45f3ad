"""What every page of the admin has in common: rights, places, ids that make no sense, and its changes.

Nothing is deleted in the admin: programs are switched off, history stays. Lists have no bulk actions; what
writes besides a form is an action with a confirming dialog (unfold runs bare actions on GET).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, TypeVar

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Field, ForeignKey, ManyToManyField, Model, Q, QuerySet
from django.forms import ModelMultipleChoiceField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import BaseDialogForm

from clients.actors import Actor
from clients.admin_changes import Change, changes_of
from clients.models import Location, Staff
from clients.refusals import Refusal

Row = TypeVar("Row", bound=Model)

OWNER = "owner"
LONGEST_ID = 18
MOST_ROWS = 200


def is_owner(user: Any) -> bool:
    """Somebody who may do everything, at every location."""
    return bool(user.is_active and (user.is_superuser or user.groups.filter(name=OWNER).exists()))


def own_locations(user: Any) -> list[int] | None:
    """The locations that this person is limited to; None means everywhere (`Staff.locations`). Read once a request."""
    if not isinstance(user, Staff):
        return None
    kept = user.__dict__
    if "own_locations" not in kept:
        everywhere = is_owner(user)
        kept["own_locations"] = None if everywhere else list(user.locations.values_list("pk", flat=True)) or None
    own: list[int] | None = kept["own_locations"]
    return own


def places(user: Any) -> QuerySet[Location]:
    """The locations that this person may choose from."""
    own = own_locations(user)
    return Location.objects.all() if own is None else Location.objects.filter(pk__in=own)


def actor(request: HttpRequest) -> Actor:
    """Who acts: the person who is signed in."""
    return Actor.staff(request.user.get_username())


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """After a dialog: htmx follows a header, a plain form a redirect."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


class ChoicesField(ModelMultipleChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """Several rows. Django asks the database for ids as they were sent, and SQLite breaks on forty digits."""

    def clean(self, value: Any) -> Any:
        for one in value if isinstance(value, list | tuple) else ():
            if len(str(one)) > LONGEST_ID:
                raise ValidationError(self.error_messages["invalid_pk_value"], params={"pk": one})
        return super().clean(value)


class LargePaginator(Paginator):  # type: ignore[type-arg]  # no generic at run time
    """Pages of a table. Of a large one PostgreSQL knows about how many rows it has: counting ten million takes most of
    a second, on every page. What is searched or filtered is counted.
    """

    LARGE = 100_000

    @cached_property
    def count(self) -> int:
        rows = getattr(self.object_list, "query", None)
        about = _about_how_many(rows.model) if rows is not None and not rows.where and not rows.is_sliced else 0
        return about if about >= self.LARGE else super().count


def _about_how_many(model: type[Model]) -> int:
    """What PostgreSQL's statistics say; 0 on another engine, and before they were made."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return int(cursor.fetchone()[0])


class OfficeAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """A page of the admin. `location_path` names the way to the location that limits who sees a row."""

    actions: ClassVar[Sequence[str]] = ()
    list_per_page = 50
    paginator = LargePaginator
    show_full_result_count = False
    show_facets = ModelAdmin.show_facets.NEVER
    list_disable_select_all = True
    list_filter_sheet = False
    warn_unsaved_form = True
    compressed_fields = True
    location_path: ClassVar[str | None] = None
    shows_changes: ClassVar[bool] = True
    change_form_outer_after_template = "admin/changes.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        own = own_locations(request.user) if self.location_path else None
        return rows if own is None else rows.filter(Q(**{f"{self.location_path}__in": own}))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The row, within what this person may see; an id that makes no sense is nobody's."""
        try:
            return super().get_object(request, object_id, from_field)
        except (ValueError, TypeError, OverflowError, ValidationError):
            return None

    def seen(self, request: HttpRequest, object_id: str) -> Any:
        """The row for an action. Raises `Http404` and `PermissionDenied`."""
        row = self.get_object(request, unquote(str(object_id)))
        if row is None:
            raise Http404
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row

    def may(self, request: HttpRequest, right: str, object_id: Any) -> bool:
        """Whether this person has the right, and sees the row that the action is about."""
        if not request.user.has_perm(right):
            return False
        row = None if object_id is None else self.get_object(request, unquote(str(object_id)))
        return object_id is None or (row is not None and self.has_view_or_change_permission(request, row))

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the page's own filters ask: an address cannot be used to guess at other columns."""
        names = [f[0] if isinstance(f, tuple) else f for f in self.list_filter]
        return any(isinstance(name, str) and lookup.split("__", maxsplit=1)[0] == name.split("__")[0] for name in names)

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Location:
            kwargs["queryset"] = places(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.remote_field.model is Location:
            kwargs["queryset"] = places(request.user)
        return super().formfield_for_manytomany(db_field, request, form_class=ChoicesField, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Related rows have pages of their own: no little pencils beside a choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and hasattr(field.widget, "can_add_related"):
            field.widget.can_add_related = field.widget.can_change_related = False
            field.widget.can_view_related = field.widget.can_delete_related = False
        return field

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        if object_id and self.shows_changes and request.method == "GET":
            row = self.get_object(request, unquote(object_id))
            if row is not None and self.has_view_or_change_permission(request, row):
                context["changes"] = self.changes(row)
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except Refusal as refusal:  # two people saved at once: the form was right when it was checked
            messages.error(request, str(refusal))
            return HttpResponseRedirect(request.get_full_path())

    def changes(self, row: Model) -> list[Change]:
        """The last changes of the row and its inlines, newest first."""
        return changes_of(row, inlines=[inline.model for inline in self.inlines], shown=self.shown_value)

    def shown_value(self, field: Field[Any, Any] | None, text: str) -> str:
        """A stored value as a person reads it."""
        return text


class ReadOnlyAdmin(OfficeAdmin):
    """History: looked at, never written here. What may be done with it are actions."""

    shows_changes = False
    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SoleAdmin(OfficeAdmin):
    """There is one of it: its list is its page."""

    def the_one(self) -> Any:
        return self.model._default_manager.first()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = self.the_one()
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        if row is None:
            return self.there_is_none(request)
        return HttpResponseRedirect(reverse(f"admin:{name}_change", args=[row.pk]))

    def there_is_none(self, request: HttpRequest) -> HttpResponseBase:
        if not self.has_add_permission(request):
            messages.info(request, _("It is not set up yet."))
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_add"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(super().has_add_permission(request)) and self.the_one() is None

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        context = {"show_save_and_continue": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def response_post_save_add(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self.response_post_save_change(request, obj)

    def response_post_save_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """Saving stays on the page."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[obj.pk]))


class OfficeInline(TabularInline):  # type: ignore[misc]  # unfold has no types
    """Rows of a program, on its page. A form that claims to have more of them is not built to its end."""

    extra = 0
    max_num = MOST_ROWS
    hide_title = True
    show_change_link = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return super().get_formset(request, obj, **{"absolute_max": MOST_ROWS, **kwargs})


class Confirm(BaseDialogForm):  # type: ignore[misc]  # unfold has no types
    """A dialog that asks before it writes. It is valid when it is done: what a rule refuses is said on the form."""

    form_before_template = "admin/dialog_errors.html"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        return {"form": self}

    def is_valid(self) -> bool:
        if not super().is_valid():
            return False
        try:
            self.carry_out()
        except Refusal as refusal:
            field = refusal.field if refusal.field in self.fields else None
            self.add_error(field, str(refusal))
            return False
        return True

    def carry_out(self) -> None:
        """What is confirmed. Raises `Refusal`; nothing is written then."""


def names(rows: Iterable[Any]) -> str:
    return ", ".join(str(row) for row in rows)

"""Locations and staff in the admin. The client's page needs every app and stands in `config.admin`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
)

from clients.admin_base import OfficeAdmin, names
from clients.admin_codes import CodeForm
from clients.models import Location, Staff

ROLE_NAMES = {
    "owner": _("Owner"),
    "manager": _("Manager"),
    "front_desk": _("Front desk"),
    "auditor": _("Auditor"),
}
ROLE_HELP = {
    "owner": _("Everything."),
    "manager": _("Clients, refunds, adjustments up to a limit, figures of their locations."),
    "front_desk": _("Finds and registers clients, records visits and sells, at the desk only."),
    "auditor": _("Looks at everything, changes nothing."),
}
OFFICE_ROLES = {"owner", "manager", "auditor"}


@admin.register(Location)
class LocationAdmin(OfficeAdmin):
    """The branches."""

    list_display = ("name", "code", "address", "is_open")
    ordering = ("name", "id")
    location_path = "pk"
    form = CodeForm
    fields = ("name", "address", "timezone", "enabled", "code")
    change_form_outer_before_template = "admin/location_before.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    @display(description=_("open"), boolean=True)
    def is_open(self, location: Location) -> bool:
        return location.enabled


class RoleField(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic at run time
    """One role, by its name in the reader's language."""

    def label_from_instance(self, obj: Group) -> str:
        name = ROLE_NAMES.get(obj.name)
        return f"{name}. {ROLE_HELP[obj.name]}" if name else obj.name


class RoleForm(forms.ModelForm):  # type: ignore[type-arg]  # mixed into forms of unfold, which has no types
    """Staff have one role; it decides where they sign in."""

    role = RoleField(
        label=_("Role"),
        queryset=Group.objects.order_by("pk"),
        widget=UnfoldAdminRadioSelectWidget(),
        empty_label=None,
        help_text=_("The front desk signs in at the desk; the others here too."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["role"].initial = self.instance.groups.first()

    def save(self, commit: bool = True) -> Any:
        role = self.cleaned_data["role"]
        self.instance.is_staff = self.instance.is_superuser or role.name in OFFICE_ROLES
        staff = super().save(commit)
        staff.role_to_set = role
        return staff


STAFF_HELP = {
    "username": _("What they type to sign in. Letters, digits and @ . + - _"),
    "is_active": _("Off: they cannot sign in any more. What they did keeps their name."),
    "language": _("Of these pages and the desk. Empty: that of their browser."),
}


class StaffChangeForm(RoleForm):
    class Meta:
        model = Staff
        fields = ("first_name", "last_name", "username", "email", "language", "locations", "is_active")
        help_texts = STAFF_HELP


class StaffCreationForm(RoleForm, UserCreationForm):  # type: ignore[misc]  # unfold has no types
    class Meta(UserCreationForm.Meta):  # type: ignore[misc]  # the stubs type the parent's Meta as Any
        model = Staff
        fields = ("username",)
        help_texts = STAFF_HELP


@admin.register(Staff)
class StaffAdmin(UserAdmin, OfficeAdmin):  # type: ignore[misc,type-arg]  # unfold has no types
    """Who works here, with which role, and where."""

    form = StaffChangeForm
    add_form = StaffCreationForm
    add_form_template = None  # Django's own promises "more user options" afterwards; there are none
    change_password_form = AdminPasswordChangeForm
    list_display = ("full_name", "username", "role", "at", "is_active")
    list_filter = ("is_active",)
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("first_name", "username")
    filter_horizontal = ()
    readonly_fields = ("new_password",)
    fieldsets = (
        (None, {"fields": ("first_name", "last_name", "username", "new_password", "email", "language")}),
        (_("What they may do"), {"fields": ("role", "locations", "is_active")}),
    )
    add_fieldsets = (
        (None, {"fields": ("first_name", "last_name", "username", "password1", "password2", "language")}),
        (_("What they may do"), {"fields": ("role", "locations")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Staff]:
        rows: QuerySet[Staff] = super().get_queryset(request).prefetch_related("groups", "locations")
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may do everything is changed only by those who may, too."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and not (isinstance(obj, Staff) and obj.is_superuser and not request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "locations":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Staff, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        obj.groups.set([form.cleaned_data["role"]])

    @display(description=_("password"))
    def new_password(self, staff: Staff) -> str:
        return format_html('<a href="../password/" class="text-link">{}</a>', _("Set a new password"))

    @display(description=_("staff member"), ordering="first_name")
    def full_name(self, staff: Staff) -> str:
        return str(staff)

    @display(description=_("role"))
    def role(self, staff: Staff) -> str:
        if staff.is_superuser:
            return str(ROLE_NAMES["owner"])
        return names(ROLE_NAMES.get(group.name, group.name) for group in staff.groups.all())

    @display(description=_("locations"))
    def at(self, staff: Staff) -> str:
        return names(staff.locations.all()) or str(_("everywhere"))

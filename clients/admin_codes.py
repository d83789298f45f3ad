"""Codes of what the owner adds: nobody has to invent one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

LENGTH = 32


class CodeForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A new row without a code gets one from its name; it stays, because tills and documents use it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].required = False
            self.fields["code"].help_text = _("Empty: made from the name. It cannot be changed later.")

    def _update_errors(self, errors: ValidationError) -> None:
        """The database's own words ("Constraint ... is violated") are for what nobody has explained yet."""
        if self.errors and hasattr(errors, "error_dict"):
            errors.error_dict.pop(NON_FIELD_ERRORS, None)
        super()._update_errors(errors)  # type: ignore[misc]  # not in the stubs

    def clean_code(self) -> str:
        return self.cleaned_data.get("code") or self._free(slugify(self.data.get(self.add_prefix("name"), ""))[:LENGTH])

    def _free(self, wanted: str) -> str:
        stem = wanted.strip("-_") or self._meta.model._meta.model_name or "code"
        taken = self.taken(stem)
        return next(code for code in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if code not in taken)

    def taken(self, stem: str) -> set[str]:
        """Codes beginning like this that a new row may not have."""
        return set(self._meta.model._default_manager.filter(code__startswith=stem).values_list("code", flat=True))

"""Amounts and percents in forms: read strictly, shown with the digits of the business's currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import DateField, Field, Model, PositiveSmallIntegerField
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from clients.admin_base import ChoicesField
from loyalty.admin.currency import currency
from loyalty.fields import MoneyField, PercentField
from loyalty.models import Service
from loyalty.money import BadAmount, Currency, Money, parse_percent, percent_text
from loyalty.setup.shapes import MAX_COUNT, MAX_DAYS, MAX_HOURS, MAX_MONTHS

# Before there is a business no amount is asked for; forms are still built, for the rights of a page.
NO_CURRENCY = Currency("XXX", 2)


def with_point(text: str) -> str:
    """ "12,50" as Russian readers write it → "12.50". Elsewhere a comma stays, and is refused."""
    return text.replace(",", ".", 1) if get_language() == "ru" and "." not in text else text


def with_comma(text: str) -> str:
    return text.replace(".", ",") if get_language() == "ru" else text


class _StrictField(forms.Field):
    """A text that is one number. Empty is None."""

    def parsed(self, text: str) -> Any:
        raise NotImplementedError

    def written(self, value: Any) -> str:
        raise NotImplementedError

    def prepare_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else with_comma(self.written(value))

    def to_python(self, value: Any) -> Any:
        if value is None or not str(value).strip():
            return None
        try:
            return self.parsed(with_point(str(value).strip()))
        except BadAmount as error:
            raise ValidationError(_sentence(str(error))) from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(self.prepare_value(initial)) != self.to_python(data))
        except ValidationError:
            return True


def _sentence(reason: str) -> str:
    """The reader of documents says "must be ...", after a path; beside a field it is a sentence."""
    return f"{reason[:1].upper()}{reason[1:]}{'' if reason.endswith('.') else '.'}"


class MoneyFormField(_StrictField):
    """An amount of the business's currency, `Money` in Python. Refuses "1_000", "1e5" and digits of other scripts."""

    def __init__(self, *, least: int | None = None, **kwargs: Any) -> None:
        self.currency = currency() or NO_CURRENCY
        self.least = least
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "regulars-amount"}
        known = self.currency is not NO_CURRENCY
        kwargs.setdefault(
            "widget", UnfoldAdminTextInputWidget(attrs | ({"suffix": self.currency.code} if known else {}))
        )
        super().__init__(**kwargs)

    def parsed(self, text: str) -> Money:
        return self.currency.parse(text)

    def written(self, value: Any) -> str:
        return self.currency.text(int(value))

    def validate(self, value: Money | None) -> None:
        super().validate(value)
        if value is not None and self.least is not None and value < self.least:
            least = with_comma(self.currency.text(self.least))
            raise ValidationError(_("It must be at least %(least)s."), params={"least": least})


class PercentFormField(_StrictField):
    """A percentage from 0 to 100, shown as "5", not "5.000"."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "regulars-amount", "suffix": "%"}
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs))
        super().__init__(**kwargs)

    def parsed(self, text: str) -> Decimal:
        return parse_percent(text)

    def written(self, value: Any) -> str:
        return percent_text(Decimal(value))


class FactorFormField(_StrictField):
    """How many times: more than 0 and at most 100."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "class": "regulars-amount"}
        kwargs.setdefault("widget", UnfoldAdminTextInputWidget(attrs))
        super().__init__(**kwargs)

    def parsed(self, text: str) -> Decimal:
        try:
            times = parse_percent(text)
        except BadAmount:
            times = Decimal(0)
        if not times:
            raise BadAmount(gettext("must be more than 0 and at most 100"))
        return times

    def written(self, value: Any) -> str:
        return percent_text(Decimal(value))


def amount_form_field(column: Field[Any, Any], **kwargs: Any) -> forms.Field:
    """The form field of a `MoneyField` or `PercentField` column."""
    options: dict[str, Any] = {
        "label": kwargs.get("label", str(column.verbose_name)[:1].upper() + str(column.verbose_name)[1:]),
        "help_text": kwargs.get("help_text", column.help_text),
        "required": not column.blank,
    }

    if column.has_default():
        options["initial"] = column.get_default()
    if isinstance(column, PercentField):
        return PercentFormField(**options)
    least = [v.limit_value for v in column.validators if isinstance(v, MinValueValidator)]
    return MoneyFormField(least=max((int(one) for one in least if int(one) >= 0), default=None), **options)


def is_amount(column: Any) -> bool:
    return isinstance(column, MoneyField | PercentField)


SPANS = {"days": MAX_DAYS, "months": MAX_MONTHS, "hours": MAX_HOURS}
SMALL = 32_000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 12, 31)


def within_bounds(column: Field[Any, Any], field: Any) -> Any:
    """The form field, held to what the setup document takes: more would leave the calendar, or the column."""
    if isinstance(field, forms.IntegerField):
        most = SMALL if isinstance(column, PositiveSmallIntegerField) else MAX_COUNT
        most = min(most, SPANS.get(column.name.rpartition("_")[2], most))
        field.validators.append(MaxValueValidator(most))
        field.widget.attrs["max"] = most
    if isinstance(column, DateField) and field is not None and column.name in {"from_day", "to_day"}:
        field.validators += [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
    return field


class CoversForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    """A form with the services of the price list as checkboxes; the row beside them is `through`."""

    through: type[Model]
    through_field: str

    covers = ChoicesField(
        label=_("Services"),
        queryset=Service.objects.none(),
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        error_messages={"required": _("Choose at least one service.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "covers" not in self.fields:
            return
        self.fields["covers"].queryset = Service.objects.filter(pk__in=self._offered())  # type: ignore[attr-defined]
        self.fields["covers"].initial = self._chosen()

    def _chosen(self) -> list[int]:
        if not self.instance.pk:
            return []
        rows = self.through._default_manager.filter(**{self.through_field: self.instance})
        return list(rows.values_list("service_id", flat=True))

    def _offered(self) -> Sequence[int]:
        """What is on sale, and what was chosen before it went."""
        return [*Service.objects.filter(enabled=True).values_list("pk", flat=True), *self._chosen()]

    def save_covers(self) -> None:
        """Write the difference, row by row, so that the record of changes has each."""
        if "covers" not in self.cleaned_data:
            return
        wanted = {service.pk for service in self.cleaned_data["covers"]}
        present = set(self._chosen())
        for service in sorted(wanted - present):
            self.through._default_manager.create(**{self.through_field: self.instance, "service_id": service})
        gone = {self.through_field: self.instance, "service_id__in": present - wanted}
        for row in self.through._default_manager.filter(**gone):
            row.delete()


def either(form: forms.ModelForm[Any], one: str, other: str, message: str, *, needed: bool = False) -> None:
    """Refuse both, and with `needed` neither; say it at the second field, where the reader's eye is."""
    values = [form.cleaned_data.get(one), form.cleaned_data.get(other)]
    if any(name in form.errors for name in (one, other)):
        return
    given = sum(value not in (None, "") for value in values)
    if given == 2 or (needed and given == 0):
        form.add_error(other, message)


def order(form: forms.ModelForm[Any], first: str, last: str, message: str) -> None:
    """Refuse a last day before the first."""
    begin, end = form.cleaned_data.get(first), form.cleaned_data.get(last)
    if begin and end and end < begin:
        form.add_error(last, message)

"""The forms of a chain: its occasion, its steps, and the dialog that stops one client's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BaseInlineFormSet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from clients.admin_base import Confirm, actor
from clients.admin_codes import CodeForm
from clients.letters.wording import speaks
from loyalty import chains
from loyalty.models import BonusProgram, Chain, ChainStep
from loyalty.setup.chains import GOES_WITH

Action = ChainStep.Action
Condition = ChainStep.Condition
NEEDS: Mapping[str, str] = {Action.LETTER: "template", Action.BONUS: "program"}
MOST_STEPS = 1000


class ChainForm(CodeForm):
    class Meta:
        model = Chain
        fields = "__all__"
        help_texts = {
            "name": gettext_lazy("For yourself, for example: Bonuses end. Clients do not see it."),
            "days": gettext_lazy("For example 7: a week before, or after a week without a visit."),
            "min_amount": gettext_lazy("For example 10: nobody is troubled about less. Empty: any amount."),
            "segment": gettext_lazy("Who belongs is looked up when it begins. Empty: everybody."),
            "stop_when_visited": gettext_lazy("A check since it began; one that has wholly come back does not count."),
            "stop_when_spent": gettext_lazy("Nothing is left of the bonuses that it is about."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "segment" in self.fields:
            self.fields["segment"].empty_label = _("Everybody")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        begins = cleaned.get("begins")
        if begins == Chain.Begins.ABSENT and not cleaned.get("days") and "days" not in self.errors:
            self.add_error("days", _("At least 1: days without a visit."))
        nothing = {"days": 0, "min_amount": None, "stop_when_spent": False}
        for name, of in GOES_WITH.items():  # what another occasion left behind says nothing
            if begins and begins not in of and name in cleaned:
                cleaned[name] = nothing[name]
        return cleaned


class StepForm(forms.ModelForm):  # type: ignore[type-arg]  # no generic at run time
    class Meta:
        model = ChainStep
        fields = (
            "number",
            "after_days",
            "after_hours",
            "condition",
            "segment",
            "action",
            "template",
            "channel",
            "program",
            "then",
            "otherwise",
        )
        help_texts = {
            "number": gettext_lazy("Empty: the next one."),
            "after_days": gettext_lazy("For example 4: four days after the step before was due. 0 and 0: at once."),
            "segment": gettext_lazy("For the condition that asks for one."),
            "template": gettext_lazy("For a step that sends one."),
            "program": gettext_lazy("For a step that gives bonuses: a bonus program for an action."),
            "then": gettext_lazy("The number of a later step. Empty: the next one."),
            "otherwise": gettext_lazy("Where it goes on if the condition does not hold. Empty: the next one."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "number" in self.fields:
            self.fields["number"].required = False
        if "program" in self.fields:
            actions = BonusProgram.objects.filter(trigger=BonusProgram.Trigger.ACTION)
            self.fields["program"].queryset = actions  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self._clean_action(cleaned)
        if cleaned.get("condition") != Condition.IN_SEGMENT:
            cleaned["segment"] = None
        elif cleaned.get("segment") is None and "segment" not in self.errors:
            self.add_error("segment", _("Say which segment."))
        if cleaned.get("condition") == Condition.ALWAYS:
            cleaned["otherwise"] = None
        return cleaned

    def _clean_action(self, cleaned: dict[str, Any]) -> None:
        """What a step does has what it needs; what it left behind of another is let go."""
        wanted = {Action.LETTER: _("Say which letter."), Action.BONUS: _("Say which bonuses.")}
        for action, name in NEEDS.items():
            if cleaned.get("action") != action:
                cleaned[name] = None
            elif cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, wanted[Action(action)])
        template = cleaned.get("template")
        if template is not None and cleaned.get("channel") and not speaks(template, cleaned["channel"]):
            self.add_error("template", _("This letter has no text for this channel."))


class StepFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # no generic at run time
    """Steps go forward only. One that is taken away is switched off: clients may be waiting for it."""

    def clean(self) -> None:
        super().clean()
        steps = [form for form in self.forms if self._is_there(form)]
        self._number(steps)
        known = [form.cleaned_data["number"] for form in steps if form.cleaned_data.get("number")]
        for form in steps:
            number = form.cleaned_data.get("number")
            if number is not None and known.count(number) > 1:
                form.add_error("number", _("Another step has this number."))
            for name in ("then", "otherwise"):
                _check_way(form, name, number, known)
        if any(form.errors for form in self.forms):
            raise ValidationError(pgettext("of a chain", "Please look at the steps again."))

    def _is_there(self, form: Any) -> bool:
        gone = self._should_delete_form(form)  # type: ignore[attr-defined]  # Django's own, not in the stubs
        return hasattr(form, "cleaned_data") and not gone and (form.instance.pk is not None or form.has_changed())

    @staticmethod
    def _number(steps: list[Any]) -> None:
        """A step without a number comes after the others."""
        last = max((form.cleaned_data.get("number") or 0 for form in steps), default=0)
        for form in steps:
            if form.cleaned_data.get("number") is None and "number" not in form.errors:
                last += 1
                form.cleaned_data["number"] = form.instance.number = last
            number = form.cleaned_data.get("number")
            if number is not None and not 1 <= number <= MOST_STEPS:
                form.add_error("number", _("From 1 to %(most)d.") % {"most": MOST_STEPS})

    def delete_existing(self, obj: ChainStep, commit: bool = True) -> None:
        obj.enabled = False
        obj.save()

    def save_existing_objects(self, commit: bool = True) -> Any:
        """Two steps may swap their numbers: step aside before saving, a number is unique among those in use."""
        moving = [form.instance.pk for form in self.initial_forms if form.has_changed()]
        ChainStep.objects.filter(pk__in=moving).update(enabled=False)
        return super().save_existing_objects(commit)


def _check_way(form: Any, name: str, number: int | None, known: list[int]) -> None:
    """Only ever forward, and to a step that is there: a chain that went back would write for ever."""
    to = form.cleaned_data.get(name)
    if to is None or number is None:
        return
    if to <= number:
        form.add_error(name, _("Name a later step: a chain never goes back."))
    elif to not in known:
        form.add_error(name, _("There is no step %(number)d.") % {"number": to})


class StopForm(Confirm):
    def carry_out(self) -> None:
        chains.stop(int(str(self.object_id)), by=actor(self.request), now=timezone.now())

"""What a client finds in the mailbox: who it is from, both forms of the text, and how to get no more."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.test import Client as Browser

from clients.letters.sending import send_due
from clients.models import Business, Client, LetterRules, LetterTemplate, Message, Silence
from tests.letters.conftest import FACTS, Mailbox, fate, make_template, put

pytestmark = pytest.mark.django_db


def plain(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html(letter: EmailMessage) -> str:
    part = letter.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_letter_as_it_arrives(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    rules.sender_name, rules.reply_to = "Anna of FlexGym", "anna@flexgym.example"
    rules.save()
    letter = put(boris, template, now)

    assert send_due(now=now) == 1

    (taken,) = mailbox.letters
    assert taken["From"] == "Anna of FlexGym <no-reply@flexgym.example>"
    assert taken["Reply-To"] == "anna@flexgym.example"
    assert taken["To"] == "boris@example.com"
    assert taken["Subject"] == "Boris, a gift"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["Message-ID"] == f"<letter-{letter.pk}@flexgym.example>"
    assert plain(taken).startswith("Hello, Boris.\n\n300.00 bonuses until 30 May 2026.\n\n-- \nFlexGym\n")
    assert "about “offers and news”" in plain(taken)
    assert '<p style="margin:0 0 16px;">Hello, Boris.</p>' in html(taken)
    assert "#1f6f5c" in html(taken)
    letter.refresh_from_db()
    assert (letter.state, letter.sent_at, letter.tries, letter.reason) == ("sent", now, 1, "")
    assert letter.subject == "Boris, a gift"
    assert letter.text == "Hello, Boris.\n\n300.00 bonuses until 30 May 2026."


def test_what_was_sent_stays_when_the_template_changes(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    letter = put(boris, template, now)
    send_due(now=now)
    template.body_en = "Another"
    template.save()

    letter.refresh_from_db()
    assert letter.text.startswith("Hello, Boris.")
    assert send_due(now=now) == 0


def test_one_click_of_the_mail_program_unsubscribes(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    """RFC 8058: a POST without cookies, tokens or a session, to the address of the header."""
    put(boris, template, now)
    send_due(now=now)
    (taken,) = mailbox.letters

    assert taken["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(taken["List-Unsubscribe"]).strip()  # a long one stands on a line of its own
    assert address.startswith("<https://flexgym.example/letters/off/")
    path = urlsplit(address.strip("<>")).path
    browser = Browser(enforce_csrf_checks=True)
    for _time in range(2):
        answer = browser.post(path, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200
        assert not answer.cookies
    (silence,) = Silence.objects.all()
    assert (silence.client, silence.channel, silence.topic) == (boris, "email", "offers")
    assert silence.by == f"client:{boris.pk}"

    second = put(boris, template, now)
    assert send_due(now=now) == 0
    assert fate(second) == ("refused", "silent")


def test_a_name_is_text_in_html(mailbox: Mailbox, rules: LetterRules, boris: Client, now: datetime) -> None:
    """Nobody's name becomes a tag or a link; what the owner writes may have one."""
    boris.first_name = "<b>evil.example</b>"
    boris.save()
    template = make_template(body_en="{name}\nhttps://flexgym.example/news\n{link}")
    put(boris, template, now)
    send_due(now=now)

    page = html(mailbox.letters[0])
    assert "&lt;b&gt;evil.example&lt;/b&gt;<br>" in page
    assert '<a href="https://flexgym.example/news"' in page
    assert '<a href="https://flexgym.example/me/' in page


def test_a_subject_is_one_line(mailbox: Mailbox, rules: LetterRules, boris: Client, now: datetime) -> None:
    template = make_template(subject_en="About {program}")
    put(boris, template, now, facts={**FACTS, "program": "Birthday\r\nBcc: all@example.com"})
    send_due(now=now)

    assert mailbox.letters[0]["Subject"] == "About Birthday Bcc: all@example.com"
    assert mailbox.letters[0]["Bcc"] is None


def test_the_language_is_the_clients(
    mailbox: Mailbox, rules: LetterRules, business: Business, boris: Client, now: datetime
) -> None:
    both = make_template("both", subject_ru="{name}, подарок", body_ru="Здравствуйте, {name}.")
    english = make_template("english")
    boris.language = "ru"
    boris.save()
    put(boris, both, now)
    put(boris, english, now)
    send_due(now=now)

    assert [letter["Subject"] for letter in mailbox.letters] == ["Boris, подарок", "Boris, a gift"]
    boris.language = ""
    boris.save()
    business.language = "ru"
    business.save()
    put(boris, both, now)
    send_due(now=now)
    assert mailbox.letters[-1]["Subject"] == "Boris, подарок"


def test_days_are_counted_when_it_goes(mailbox: Mailbox, rules: LetterRules, boris: Client, now: datetime) -> None:
    """2 March to 30 May are 89 days; written on 1 March it would have been 90."""
    template = make_template(subject_en="{days} days left")
    put(boris, template, now - timedelta(days=1))
    send_due(now=now)

    assert mailbox.letters[0]["Subject"] == "89 days left"


def test_a_place_without_a_figure_stops_the_letter(
    mailbox: Mailbox, rules: LetterRules, boris: Client, now: datetime
) -> None:
    letter = put(boris, make_template(body_en="You are {tier}."), now)

    assert send_due(now=now) == 0
    assert fate(letter) == ("refused", "no_figure:tier")
    assert mailbox.letters == []


def test_a_batch_goes_over_one_connection(
    mailbox: Mailbox, rules: LetterRules, boris: Client, template: LetterTemplate, now: datetime
) -> None:
    for _number in range(5):
        put(boris, template, now)

    assert send_due(now=now) == 5
    assert len(mailbox.letters) == 5
    assert len(mailbox.connections) == 1
    assert Message.objects.filter(state="sent").count() == 5

"""The demonstration's letters are files that a mail program opens."""

from __future__ import annotations

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage, get_connection

from config.demo.stage import LETTERS, MAILBOX


def test_a_letter_is_a_file_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "config.mailbox.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "letters")
    letters = [EmailMessage("Привет", "Текст", "a@example.com", ["../b@example.com"]) for _number in range(3)]

    assert get_connection().send_messages(letters) == 3

    files = sorted((tmp_path / "letters").iterdir())
    assert len(files) == 3
    assert all(file.suffix == ".eml" and "/" not in file.name for file in files)
    read = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert (read["Subject"], read["To"]) == ("Привет", "../b@example.com")


def test_the_demonstration_keeps_letters_in_its_folder(settings: Any) -> None:
    import environ

    said = environ.Env().email_url_config(MAILBOX["EMAIL_URL"])
    assert said["EMAIL_FILE_PATH"] == str(LETTERS)
    assert said["EMAIL_BACKEND"].endswith("filebased.EmailBackend")

"""The addresses of the client pages, and by whom each may be opened."""

from __future__ import annotations

from django.urls import path

from loyalty.portal import letters, prizes, views

app_name = "portal"
urlpatterns = [
    # Anybody.
    path("", views.welcome, name="welcome"),
    path("join/", views.join, name="join"),
    path("join/done/", views.joined, name="joined"),
    path("join/<str:code>/", views.join, name="join-by-code"),
    path("me/enter/", views.enter, name="enter"),
    path("me/enter/sent/", views.sent, name="sent"),
    # The client of the session, and only what is theirs: no address names a client.
    path("me/", views.me, name="me"),
    path("me/leave/", views.leave, name="leave"),
    path("me/letters/", letters.mine, name="letters"),
    path("me/prizes/", prizes.mine, name="prizes"),
    # Whoever holds a link.
    path("me/once/<str:token>/", views.open_once, name="open-once"),
    path("me/<str:token>/", views.open_page, name="open"),
    path("letters/off/<str:token>/", letters.off, name="letters-off"),
    path("letters/<str:token>/", letters.by_link, name="letters-by-link"),
]

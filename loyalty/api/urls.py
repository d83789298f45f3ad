"""Every address of the API that belongs to the till. Mechanics bring their own (`giftcards.api`)."""

from __future__ import annotations

from django.urls import path, re_path

from loyalty.api.calls import Nowhere, addresses
from loyalty.api.configuration import Setup
from loyalty.api.pages import DocsPage, SchemaPage
from loyalty.api.people import Adjust, Balance, Clients, Entries, OneClient
from loyalty.api.promo_codes import HandOuts
from loyalty.api.visits import OneVisit, Quotes, Refunds, Visits

urlpatterns = [
    *addresses("clients", Clients.as_view()),
    *addresses("clients/<str:client>", OneClient.as_view()),
    *addresses("clients/<str:client>/balance", Balance.as_view()),
    *addresses("clients/<str:client>/entries", Entries.as_view()),
    *addresses("clients/<str:client>/adjust", Adjust.as_view()),
    *addresses("visits/quote", Quotes.as_view()),
    *addresses("visits", Visits.as_view()),
    *addresses("visits/<str:visit>", OneVisit.as_view()),
    *addresses("visits/<str:visit>/refund", Refunds.as_view()),
    *addresses("promo_codes/<str:code>/hand_out", HandOuts.as_view()),
    *addresses("setup", Setup.as_view()),
    path("schema/", SchemaPage.as_view(), name="api_schema"),
    path("schema", SchemaPage.as_view()),
    path("docs/", DocsPage.as_view(), name="api_docs"),
    path("docs", DocsPage.as_view()),
]
nowhere = [re_path("", Nowhere.as_view())]
"""What answers every other address: it stands last, behind those of the mechanics."""

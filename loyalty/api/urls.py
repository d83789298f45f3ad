"""Every address of the API that belongs to the till. Mechanics bring their own (`giftcards.api`)."""

from __future__ import annotations

from django.urls import path, re_path

from loyalty.api.actions import Actions
from loyalty.api.calls import Nowhere, addresses
from loyalty.api.configuration import Setup
from loyalty.api.letters import Letters
from loyalty.api.pages import DocsPage, SchemaPage
from loyalty.api.people import Adjust, Balance, Clients, Entries, OneClient
from loyalty.api.prizes import Cancel, HandOver, Prizes, PrizesOfClient
from loyalty.api.promo_codes import HandOuts
from loyalty.api.segments import AllSegments, Members, OneSegment
from loyalty.api.visits import OneVisit, Quotes, Refunds, Visits
from loyalty.api.webhooks import OneWebhook, Webhooks

urlpatterns = [
    *addresses("clients", Clients.as_view()),
    *addresses("clients/<str:client>", OneClient.as_view()),
    *addresses("clients/<str:client>/balance", Balance.as_view()),
    *addresses("clients/<str:client>/entries", Entries.as_view()),
    *addresses("clients/<str:client>/letters", Letters.as_view()),
    *addresses("clients/<str:client>/adjust", Adjust.as_view()),
    *addresses("clients/<str:client>/actions", Actions.as_view()),
    *addresses("clients/<str:client>/prizes", PrizesOfClient.as_view()),
    *addresses("prizes", Prizes.as_view()),
    *addresses("prizes/claims/<str:claim>/hand_over", HandOver.as_view()),
    *addresses("prizes/claims/<str:claim>/cancel", Cancel.as_view()),
    *addresses("visits/quote", Quotes.as_view()),
    *addresses("visits", Visits.as_view()),
    *addresses("visits/<str:visit>", OneVisit.as_view()),
    *addresses("visits/<str:visit>/refund", Refunds.as_view()),
    *addresses("promo_codes/<str:code>/hand_out", HandOuts.as_view()),
    *addresses("segments", AllSegments.as_view()),
    *addresses("segments/<str:code>", OneSegment.as_view()),
    *addresses("segments/<str:code>/clients", Members.as_view()),
    *addresses("webhooks", Webhooks.as_view()),
    *addresses("webhooks/<str:webhook>", OneWebhook.as_view()),
    *addresses("setup", Setup.as_view()),
    path("schema/", SchemaPage.as_view(), name="api_schema"),
    path("schema", SchemaPage.as_view()),
    path("docs/", DocsPage.as_view(), name="api_docs"),
    path("docs", DocsPage.as_view()),
]
nowhere = [re_path("", Nowhere.as_view())]
"""What answers every other address: it stands last, behind those of the mechanics."""

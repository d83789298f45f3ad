"""Where every page lives."""

from django.contrib import admin
from django.urls import include, path

from config.health import health
from giftcards import api as giftcards_api
from loyalty.api import problems
from loyalty.api import urls as loyalty_api
from memberships import api as memberships_api
from memberships import api_subscriptions as subscriptions_api
from referrals import api as referrals_api

# The till's calls, each mechanic's, and a "no" for every other address.
API = [
    *loyalty_api.urlpatterns,
    *giftcards_api.urlpatterns,
    *memberships_api.urlpatterns,
    *subscriptions_api.urlpatterns,
    *referrals_api.urlpatterns,
    *loyalty_api.nowhere,
]

urlpatterns = [
    path("api/v1/", include(API)),
    path("admin/", include("config.start")),
    path("admin/", admin.site.urls),
    path("desk/gift-cards/", include("giftcards.desk")),
    path("desk/memberships/", include("memberships.desk")),
    path("desk/", include("loyalty.desk.urls")),
    path("gift/", include("giftcards.portal")),
    path("health/", health),
    path("me/friends/", include("referrals.portal")),
    path("me/memberships/", include("memberships.portal")),
    path("", include("memberships.subscription_pages")),
    path("", include("loyalty.portal.urls")),
]

handler400 = problems.handler400
handler403 = problems.handler403
handler404 = problems.handler404
handler500 = problems.handler500

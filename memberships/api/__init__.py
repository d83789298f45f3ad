"""Calls about memberships."""

from memberships.api import life, selling

urlpatterns = [*selling.urlpatterns, *life.urlpatterns]

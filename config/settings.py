"""Every setting, in one file, read from the environment (and `.env`, if there is one).

The variables are listed in README. Production (`DEBUG` off) refuses to start with an unsafe value and
names it: `manage.py check --deploy` says the rest.
"""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config import clock

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env", overwrite=False)

# --- who may reach us -------------------------------------------------------------------------------------------

DEBUG = env.bool("DEBUG", default=False)


def own_secret_key() -> str:
    """The key of an embedded installation: made once, kept in `var/` where only its owner reads it."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(exist_ok=True)
        fresh = VAR_DIR / f"secret_key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(64))
        fresh.rename(path)
    return path.read_text().strip()


EMBEDDED = not env.str("DATABASE_URL", default="")
SECRET_KEY = env.str("SECRET_KEY", default="") or (own_secret_key() if EMBEDDED else "")
if len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SECRET_KEY must be set to at least 50 random characters.")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
if seconds := env.int(clock.VARIABLE, default=0):
    if not EMBEDDED:
        raise ImproperlyConfigured(f"{clock.VARIABLE} moves the clock of the demonstration only: unset it.")
    clock.move(timedelta(seconds=seconds))
if not DEBUG and "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the hosts, '*' is not safe in production.")
BASE_URL: str = env.str("BASE_URL", default="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# How many proxies of ours stand before the web server: so many entries of X-Forwarded-For are believed, from its end.
TRUSTED_PROXIES: int = env.int("TRUSTED_PROXIES", default=0)

# --- the house --------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_celery_beat",
    "django_filters",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "auditlog",
    "referrals",
    "giftcards",
    "memberships",
    "loyalty",
    "clients",
]

# The order of the mechanics is the order of a check (`domain.md` section 4): it decides who pays what.
MECHANICS = [
    "memberships.mechanic.Memberships",
    "memberships.renewal_checks.Renewals",
    "loyalty.free_services.FreeServices",
    "loyalty.trials.Trials",
    "loyalty.discounts.Discounts",
    "loyalty.bonuses.BonusPayment",
    "giftcards.mechanic.GiftCards",
    "loyalty.cashback.Cashback",
    "memberships.privileges.Privileges",
    "loyalty.discounts.PromoBonuses",
    "loyalty.bonuses.BonusPrograms",
    "loyalty.stamps.Stamps",
    "loyalty.gifts.Gifts",
    "referrals.mechanic.Referrals",
]

# What a night does, in this order (`loyalty.night` says why).
NIGHT = [
    "loyalty.night.OPEN_PENDING",
    "referrals.night.GIVE_DUE",
    "loyalty.night.BIRTHDAYS",
    "loyalty.night.WINBACK",
    "loyalty.night.TIERS",
    "memberships.night.EXPIRE",
    "loyalty.night.EXPIRE",
    "memberships.night.RENEW",
    "loyalty.night.BALANCES",
    "loyalty.night.REMIND",
    "referrals.night.LOOK_FOR_SUSPICION",
    "referrals.night.MAKE_STATEMENTS",
]

# The sections of the setup document, each after those whose codes it names.
SETUP_SECTIONS = [
    "loyalty.setup.house.BusinessSection",
    "loyalty.setup.house.Locations",
    "loyalty.setup.house.Services",
    "memberships.setup.Memberships",
    "loyalty.setup.letters.Letters",
    "loyalty.setup.letters.LetterRulesSection",
    "loyalty.setup.segments.Segments",
    "loyalty.setup.segments.RfmSection",
    "loyalty.setup.programs.Cashback",
    "loyalty.setup.programs.Bonuses",
    "loyalty.setup.chains.Chains",
    "referrals.setup_partners.Partners",
    "loyalty.setup.programs.Trials",
    "loyalty.setup.discounts.Discounts",
    "loyalty.setup.promo_codes.PromoCodes",
    "giftcards.setup.GiftCards",
    "loyalty.setup.presents.Stamps",
    "loyalty.setup.presents.Gifts",
    "loyalty.setup.presents.Prizes",
    "referrals.setup.Referral",
]

# How letters look, and the figures of a client that stand in them: `clients` writes them and knows no room above it.
STATIONERY = "loyalty.portal.stationery.Stationery"

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.utf8.Utf8Forms",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.admin_policy.AdminMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

# --- the database -----------------------------------------------------------------------------------------------

SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # recursive_triggers: without it INSERT OR REPLACE deletes ledger entries past their trigger.
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
    " PRAGMA recursive_triggers=ON;",
}
POSTGRES_OPTIONS: dict[str, Any] = {
    "pool": {"min_size": 1, "max_size": 8, "timeout": 10},
    "server_side_binding": True,
    # jit: compiling costs more than any of our statements saves by it.
    "options": "-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s -c jit=off",
}

VAR_DIR.mkdir(exist_ok=True)
DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'regulars.sqlite3'}")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"].setdefault("OPTIONS", {}).update(SQLITE_OPTIONS)
else:
    DATABASES["default"].setdefault("OPTIONS", {}).update(POSTGRES_OPTIONS)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": env.cache_url("CACHE_URL", default="locmemcache://")}

# --- background work --------------------------------------------------------------------------------------------

BROKER_URL: str = env.str("BROKER_URL", default="filesystem://")
CELERY_BROKER_URL = BROKER_URL
if BROKER_URL.startswith("filesystem"):
    BROKER_DIR = VAR_DIR / "broker"
    for folder in ("messages", "processed", "control"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
        "data_folder_in": str(BROKER_DIR / "messages"),
        "data_folder_out": str(BROKER_DIR / "messages"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A minute before a task is killed it is told to stop and to say so. Both lie below the broker's visibility timeout,
# or a task that is still running would be given to a second worker.
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BEAT_SCHEDULER = "config.beat:OneBeat"
CELERY_TIMEZONE = "UTC"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- words and times --------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files, mail, sign-in ----------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
if env.str("EMAIL_URL", default="").startswith("filemail:"):
    EMAIL_BACKEND = "config.mailbox.EmailBackend"  # a file a letter, where Django's own makes one of many
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default=f"no-reply@{urlsplit(BASE_URL).hostname}")
EMAIL_TIMEOUT = 20
# Ways out for SMS and messengers, as apprise has them, with {phone} for the client's number; commas between them.
MESSAGE_URLS: list[str] = env.list("MESSAGE_URLS", default=[])

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

# --- safety -----------------------------------------------------------------------------------------------------

SECURE_HTTP = BASE_URL.startswith("https://")
SECURE_SSL_REDIRECT = SECURE_HTTP
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE_HTTP else None
SECURE_HSTS_SECONDS = 31536000 if SECURE_HTTP else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HTTP
SECURE_HSTS_PRELOAD = SECURE_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HTTP
SESSION_COOKIE_NAME = "__Host-session" if SECURE_HTTP else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if SECURE_HTTP else "csrf"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    # unfold's Alpine needs `unsafe-eval`: the admin has a policy of its own (config.admin_policy).
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    },
}

# --- the admin ---------------------------------------------------------------------------------------------------

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "config.menu.title",
    "SITE_HEADER": "config.menu.title",
    "SITE_URL": "/desk/",
    "SITE_ICON": "config.menu.icon",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.menu.icon"}],
    "LOGIN": {"form": "config.signing_in.OfficeSignIn"},
    "SHOW_HISTORY": False,  # each page shows its changes itself
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["config.menu.stylesheet"],
    "SCRIPTS": ["config.menu.script"],
    "COLORS": "config.menu.colors",
    "DASHBOARD_CALLBACK": "config.dashboard.dashboard",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "config.menu.side_menu"},
}
# By hand a manager adds or takes at most so much at once, in the business's currency; an owner any amount.
ADJUST_LIMIT: str = env.str("ADJUST_LIMIT", default="50")

# --- the API -----------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "loyalty.api.problems.handle",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Regulars",
    "DESCRIPTION": "Clients, checks, bonuses, gift cards and memberships. Amounts are strings, times have an offset, "
    "unknown fields are refused, and every refusal is application/problem+json with a code.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["loyalty.api.schema.one_of_each"],
    "POSTPROCESSING_HOOKS": ["loyalty.api.schema.with_components"],
}
AUTH_USER_MODEL = "clients.Staff"

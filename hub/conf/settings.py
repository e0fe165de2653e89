"""All settings, read once from the environment. `.env.example` lists each name with its unit and default."""

from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from hub import secrets
from hub.conf import reading
from hub.conf.reading import env, required
from hub.conf.registry import (  # noqa: F401  (lower layers reach them through settings)
    CHANNELS,
    EFFECTS,
    ORDER_PANELS,
    STAGES,
    TROUBLES,
    WAREHOUSES,
)  # fmt: skip

BASE_DIR = Path(__file__).resolve().parents[2]
HUB_ENV = reading.choice("HUB_ENV", ("production", "development"), default="production")
PRODUCTION = HUB_ENV == "production"
DEBUG = False

SECRET_KEY = required("SECRET_KEY", "50 or more random characters")
if PRODUCTION and len(SECRET_KEY) < 50:
    raise reading.malformed("SECRET_KEY", "50 or more random characters")
CREDENTIAL_KEYS = required("CREDENTIAL_KEYS", "a key ring `id:base64 of 32 bytes,...`, newest first")
secrets.check_ring(CREDENTIAL_KEYS)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

DATABASE_ROLE_IS_OWNER = reading.switch(
    "HUB_AS_OWNER", default=False
)  # by manage.py, for migrate and the test set-up only
_database = reading.database(
    "DATABASE_URL", "postgresql://hub_app:...@host:5432/hub (the role that runs, not the owner)"
)
if DATABASE_ROLE_IS_OWNER:
    _database = reading.database("OWNER_DATABASE_URL", "postgresql://hub_owner:...@host:5432/hub")
DATABASES: dict[str, dict[str, Any]] = {"default": _database}
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["CONN_MAX_AGE"] = reading.count("DATABASE_CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "application_name": env.str("HUB_PROCESS", default="hub"),
    "options": f"-c lock_timeout=3s -c statement_timeout={reading.count('DATABASE_STATEMENT_SECONDS', default=60, least=1)}s"
    " -c idle_in_transaction_session_timeout=30s",
}
_redis = "redis://host:6379/0 (Valkey 9 or Redis 7)"
REDIS_URL = required("REDIS_URL", _redis)
reading.address("REDIS_URL", REDIS_URL, ("redis", "rediss", "unix"), _redis)
CACHES = {"default": {"BACKEND": "hub.cache.SharedCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "limits"}}

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "hub",
    "orders",
    "warehouses",
    "automation",
    "mailer",
    "documents",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hub.views.failing.say_what_is_not_allowed",
]
ROOT_URLCONF = "hub.conf.urls"
WSGI_APPLICATION = "hub.conf.wsgi.application"
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
                "hub.web.frame",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Accounts (allauth): sign-in by e-mail, second factor, limits that never lock by address alone.
AUTH_USER_MODEL = "hub.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "hub.accounts.Adapter"
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# `key` is the account (hub.accounts). An office shares one address: what is counted by address alone is far above an office's slips.
ACCOUNT_RATE_LIMITS = {"login": "120/m/ip", "login_failed": "30/m/ip,5/5m/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = reading.count("TRUSTED_PROXIES", default=0)
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "hub.accounts.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA = reading.choice("MFA", ("required", "offered"), default="required" if PRODUCTION else "offered")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_SAVE_EVERY_REQUEST = False
SECURE_COOKIES = reading.switch("SECURE_COOKIES", default=PRODUCTION)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_NAME = "__Host-hub" if SECURE_COOKIES else "hub"
CSRF_FAILURE_VIEW = "hub.web.form_too_old"
CSRF_COOKIE_NAME = "__Host-hub-csrf" if SECURE_COOKIES else "hub-csrf"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_COOKIES else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LOCALE_PATHS += [  # a mall or a warehouse may bring its own texts
    path for plug in [*CHANNELS.values(), *WAREHOUSES.values()] if (path := BASE_DIR / plug.folder / "locale").is_dir()
]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / ".state" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = not PRODUCTION
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["hub.uploads.Bounded", "django.core.files.uploadhandler.MemoryFileUploadHandler"]

_email = reading.mail("EMAIL_URL")
if PRODUCTION and not _email:
    raise ImproperlyConfigured("EMAIL_URL is not set: smtp+tls://user:password@host:587 (mail of the system itself)")
if _email:
    vars().update(_email)
else:
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.str("SYSTEM_MAIL_FROM", default="hub@localhost")
PUBLIC_URL = reading.web_address("PUBLIC_URL", default="http://localhost:8000")

FRAME_PARTS = ["hub.frame.parts", "orders.frame.parts"]
"""Functions of a request that fill the frame around each page (hub.web.frame)."""

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["hub.api.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["hub.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hub.api.StrictJSONParser"],
    "EXCEPTION_HANDLER": "hub.api.problem",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Order hub API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": [],
}

# Background work: messages carry ids only, so losing or doubling one changes nothing (architecture, section 1).
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_SOFT_TIME_LIMIT = 840
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 22.0
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1_000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000  # kB
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker without broker goes on by itself (hub/jobs.py) and keeps asking
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"  # in memory: the rows are the schedule
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
TICK_SECONDS = reading.seconds("TICK_SECONDS", default=5.0)

# The world outside.
OUTGOING = reading.choice("OUTGOING", ("on", "off"), default="on")
CHANNEL_BASE_URLS, WAREHOUSE_BASE_URLS = (
    {
        name: reading.web_address(f"{name.upper()}_BASE_URL", default=entry.base_url, only_https=PRODUCTION)
        for name, entry in entries.items()
    }
    for entries in (CHANNELS, WAREHOUSES)
)
CALL_SECONDS = 20.0  # a whole outgoing call; connect 5, each read 15 (promise G12)
REAL_TIMES = {"QUIET_MALL_SECONDS": 120.0, "QUIET_WAREHOUSE_SECONDS": 600.0, "MALL_GAP_SECONDS": 1.05}
QUIET_MALL_SECONDS = reading.seconds("QUIET_MALL_SECONDS", default=REAL_TIMES["QUIET_MALL_SECONDS"])
QUIET_WAREHOUSE_SECONDS = reading.seconds("QUIET_WAREHOUSE_SECONDS", default=REAL_TIMES["QUIET_WAREHOUSE_SECONDS"])
MALL_GAP_SECONDS = reading.seconds("MALL_GAP_SECONDS", default=REAL_TIMES["MALL_GAP_SECONDS"])
LEASE_SECONDS = reading.seconds("LEASE_SECONDS", default=60.0)
if PRODUCTION and any(globals()[name] != real for name, real in REAL_TIMES.items()):
    raise ImproperlyConfigured(
        "QUIET_MALL_SECONDS, QUIET_WAREHOUSE_SECONDS and MALL_GAP_SECONDS may differ from "
        "120, 600 and 1.05 only with HUB_ENV=development"
    )

LOG_LEVEL = reading.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"()": "hub.logs.Formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.db.backends": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}

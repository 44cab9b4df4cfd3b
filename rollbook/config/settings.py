import base64
import json
import os
from pathlib import Path

from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from rollbook.config.exports import EXPORTS as EXPORTS
from rollbook.config.exports import IMPORTS as IMPORTS
from rollbook.config.reactions import REACTIONS as REACTIONS

ROOT = Path(__file__).parents[1]
PROJECT = ROOT.parent
DATABASE_URL = os.environ.get("DATABASE_URL", "postgresql:///postgres")

DEBUG = os.environ.get("DEBUG") == "1"
DEMO = os.environ.get("DEMO") == "1"  # shows the demo accounts; officials need no TOTP
SECRET_KEY = os.environ.get("SECRET_KEY", "django-insecure-for-development-only")
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1").split(",")
ROOT_URLCONF = "rollbook.config.urls"
WSGI_APPLICATION = "rollbook.config.wsgi.application"
AUTH_USER_MODEL = "accounts.Account"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "static/"
STATIC_ROOT = PROJECT / "staticfiles"
STATICFILES_DIRS = [
    ("tabler", PROJECT / "node_modules/@tabler/core/dist"),
    ("htmx", PROJECT / "node_modules/htmx.org/dist"),
    ("echarts", PROJECT / "node_modules/echarts/dist"),
    ("hls", PROJECT / "node_modules/hls.js/dist"),
]
NODE_MODULES = PROJECT / "node_modules"
MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT", PROJECT / "media"))  # never served as it is
LAKE_ROOT = Path(os.environ.get("LAKE_ROOT", MEDIA_ROOT / "lake"))  # columns: what was received, what is screened
LAKE_MEMORY = os.environ.get("LAKE_MEMORY", "2GB")  # that one query over them may take
DROP_ROOT = Path(os.environ.get("DROP_ROOT", MEDIA_ROOT / "drop"))  # where departments leave signed files

# Evidence lies apart from other files: any storage of django-storages, with its options as JSON.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "evidence": {
        "BACKEND": os.environ.get("EVIDENCE_STORAGE", "django.core.files.storage.FileSystemStorage"),
        "OPTIONS": json.loads(
            os.environ.get("EVIDENCE_STORAGE_OPTIONS", json.dumps({"location": str(MEDIA_ROOT / "evidence")}))
        ),
    },
}
CLAMD_URL = os.environ.get("CLAMD_URL", "")  # tcp://host:3310 or unix:/path; without it nothing is scanned

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [ROOT / "kernel" / "locale"]
FORMAT_MODULE_PATH = ["rollbook.config.formats"]

SCREENING_ENGINE = os.environ.get("SCREENING_ENGINE", "duckdb")  # or a Spark master: "local[2]", "spark://…", "sc://…"
SCREENING_MEMORY = os.environ.get("SCREENING_MEMORY", "2GB")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "ninja",
    "template_partials",
    "rollbook.web",
    "rollbook.regions",
    "rollbook.accounts",
    "rollbook.journal",
    "rollbook.persons",
    "rollbook.evidence",
    "rollbook.exchange",
    "rollbook.directory",
    "rollbook.institutions",
    "rollbook.faces",
    "rollbook.classes",
    "rollbook.live",
    "rollbook.learning",
    "rollbook.assessment",
    "rollbook.certificates",
    "rollbook.funds",
    "rollbook.subsidies",
    "rollbook.fees",
    "rollbook.risk",
    "rollbook.supervision",
    "rollbook.reports",
    "rollbook.portal",
    "rollbook.config",
    "allauth",  # after ours: its templates and its words for the same English give way
    "allauth.account",
    "allauth.mfa",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "rollbook.accounts.middleware.Guard",
    "rollbook.web.middleware.SignedIn",
    "django_htmx.middleware.HtmxMiddleware",
    "rollbook.web.middleware.Errors",
]
MIDDLEWARE_OF_KEYS = [  # requests with a key or a ticket: see `config.keyed`
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "rollbook.config.keyed.Nobody",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "web" / "templates"],  # ours before those of packages
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django_htmx.templatetags.django_htmx",
                "template_partials.templatetags.partials",
                "rollbook.web.words",
                "rollbook.web.components",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rollbook.config.navigation.navigation",
                "rollbook.accounts.adapters.demo_accounts",
            ],
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "rollbook.database",
        "NAME": conninfo_to_dict(DATABASE_URL)["dbname"],
        "CONN_MAX_AGE": 60,  # a thread keeps its connection: opening one costs more than most requests
        "CONN_HEALTH_CHECKS": True,
    }
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
SILENCED_SYSTEM_CHECKS: list[str] = []

# Signing in
AUTHENTICATION_BACKENDS = ["rollbook.config.signing_in.NameOrNumber"]
PASSWORD_HASHERS = ["rollbook.accounts.hashers.Argon2id"]
LOGIN_URL, LOGIN_REDIRECT_URL, LOGOUT_REDIRECT_URL = "account_login", "home", "home"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "rollbook.config.signing_in.SigningIn"
MFA_ADAPTER = "rollbook.config.second_factor.SecondFactor"
MFA_FORMS = {
    "authenticate": "rollbook.config.second_factor.Authenticate",
    "reauthenticate": "rollbook.config.second_factor.Reauthenticate",
}
ACCOUNT_RATE_LIMITS = {"login": "60/m/ip", "login_failed": "10/m/ip,5/15m/key"}
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG and not DEMO
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
# Shared by all processes, so that rate limits and lock-outs count each attempt once.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
    }
}

# Keys: version → 32 bytes, base64; the highest seals. SEAL_KEYS="1:base64,2:base64"
_DEVELOPMENT_KEY = base64.b64encode(b"development-only, not for people").decode()
SEAL_KEYS = {
    int(version): base64.b64decode(key)
    for version, _, key in (
        part.partition(":") for part in os.environ.get("SEAL_KEYS", f"1:{_DEVELOPMENT_KEY}").split(",")
    )
}
DIGEST_KEY = os.environ.get("DIGEST_KEY", "development-only-digest-key").encode()
SIGNATURE_KEY = os.environ.get("SIGNATURE_KEY", "development-only-signature-key").encode()
ID_MASK = (6, 2)  # first and last characters of an identity number that a list may show

# Outside parties
POPULATION_URL = os.environ.get("POPULATION_URL", "http://127.0.0.1:8101")
POPULATION_KEY = os.environ.get("POPULATION_KEY", "demo")
BANK_URL = os.environ.get("BANK_URL", "http://127.0.0.1:8102")
BANK_KEY = os.environ.get("BANK_KEY", "demo")
MESSAGES_URL = os.environ.get("MESSAGES_URL", "http://127.0.0.1:8103")
MESSAGES_KEY = os.environ.get("MESSAGES_KEY", "demo")
# Who compares faces: an approved vendor at this address, or nobody but the packages of the extra `face`
FACE_URL = os.environ.get("FACE_URL", "")
FACE_KEY = os.environ.get("FACE_KEY", "demo")

# The media server that cameras send to (`make media`): its folder, its address, and how it proves who it is
MEDIA_SERVER_FOLDER = Path(os.environ.get("MEDIA_SERVER_FOLDER", PROJECT / "media" / "server"))
MEDIA_SERVER_URL = os.environ.get("MEDIA_SERVER_URL", "rtmp://127.0.0.1:1935/live")
MEDIA_UPDATE_SECONDS = int(os.environ.get("MEDIA_UPDATE_SECONDS", "20"))  # how often a sending camera is asked about
MEDIA_HOOK_KEY = os.environ.get("MEDIA_HOOK_KEY", "development-only-hook-key")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "media-src": [SELF, "blob:"],  # a live picture is put together in the page
    }
}

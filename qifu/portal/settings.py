"""Every setting of a site, in one file. What differs between sites comes from the environment variables below."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from qifu.foundation.channels.config import SiteChannels, read_channels
from qifu.foundation.environment import (
    Variable,
    boolean,
    checked_seal_keys,
    names,
    networks,
    optional_day,
    read_environment,
    whole_number,
)

ROOT = Path(__file__).resolve().parents[2]


def _database_url(text: str) -> str:
    """Check that the text names a database we know; an empty one means SQLite in the data directory."""
    if text and not text.startswith(("postgresql://", "postgres://", "sqlite:///")):
        raise ValueError("应以 postgresql:// 或 sqlite:/// 开头")
    return text


def _existing_file(text: str) -> str:
    """Check that the file is there; nothing where none is named."""
    if text and not Path(text).is_file():
        raise ValueError(f"文件 {text!r} 不存在或不可读")
    return text


def _side(text: str) -> str:
    """Read which half of the site a process serves."""
    if text not in ("both", "portal", "workbench"):
        raise ValueError(f"应为 both、portal 或 workbench，现为 {text!r}")
    return text


def _site_address(text: str) -> str:
    """Read the address of the other half, without a slash at its end; nothing where there is none."""
    if text and not text.startswith(("https://", "http://")):
        raise ValueError(f"应以 https:// 或 http:// 开头，现为 {text!r}")
    return text.rstrip("/")


VARIABLES = [
    Variable("QIFU_DATA_DIR", str(ROOT / "var"), "数据目录：SQLite 数据库、上传文件、日志都放在这里"),
    Variable(
        "DATABASE_URL",
        "",
        "数据库地址，如 postgresql://用户:口令@主机/库；空则用数据目录内的 SQLite",
        _database_url,
        "数据库",
    ),
    Variable(
        "QIFU_SECRET_KEY", "", "签名密钥，50 个以上随机字符；空则首次启动时生成并存入数据目录", group="安全"
    ),
    Variable(
        "QIFU_SEAL_KEYS",
        "",
        "个人信息的加密密钥，写成 标识:base64，以逗号分隔；第一个用于加密，全部可解密；空则首次启动时生成并存入数据目录",
        checked_seal_keys,
        "安全",
    ),
    Variable(
        "QIFU_REQUIRE_TOTP",
        "",
        "必须启用动态口令的角色，以逗号分隔，如 system_administrator,security_administrator；空则自愿启用",
        names,
        "安全",
    ),
    Variable("QIFU_HOSTS", "127.0.0.1,localhost,[::1]", "允许的域名，以逗号分隔", names, "安全"),
    Variable(
        "QIFU_HTTPS", "0", "站点经 HTTPS 访问时设为 1：Cookie 只走加密连接，并发送 HSTS", boolean, "安全"
    ),
    Variable("QIFU_DEBUG", "0", "开发时设为 1；正式站点必须为 0", boolean, "安全"),
    Variable("QIFU_DEMO", "0", "演示站点设为 1：显示“模拟数据”标记，允许 qifu demo reset", boolean),
    Variable(
        "QIFU_AS_OF", "", "截至日 YYYY-MM-DD：业务上把这一天当作今天（演示用）；空则为实际日期", optional_day
    ),
    Variable("QIFU_PROVINCE", str(ROOT / "provinces" / "zhejiang"), "本省数据目录"),
    Variable("QIFU_PORT", "8000", "网站端口", whole_number, "运行"),
    Variable(
        "QIFU_CHANNELS",
        "",
        "短信、平台消息、待办、邮件的渠道文件（YAML）；空则只有站内消息",
        read_channels,
        "运行",
    ),
    Variable("QIFU_WORKERS", "2", "网站进程数", whole_number, "运行"),
    Variable("QIFU_LOG_LEVEL", "INFO", "日志级别：DEBUG、INFO、WARNING、ERROR", group="运行"),
    Variable("QIFU_UPLOAD_LIMIT_MB", "50", "单个上传文件的上限（MB）", whole_number, "运行"),
    Variable(
        "QIFU_OIDC_PROVIDERS",
        "",
        "单点登录的接入文件（YAML）：浙里办、电子营业执照等；空则只用口令登录",
        _existing_file,
        "安全",
    ),
    Variable("QIFU_RATE_LIMITS", "1", "是否限制单个来源的请求频率", boolean, "安全"),
    Variable(
        "QIFU_TRUSTED_PROXIES",
        "0",
        "网站前有几层自己的反向代理；按此数从 X-Forwarded-For 取访问者地址",
        whole_number,
        "安全",
    ),
    Variable(
        "QIFU_SITE",
        "both",
        "本进程提供哪一半：both、portal（只有门户）或 workbench（只有工作台）",
        _side,
        "运行",
    ),
    Variable(
        "QIFU_PORTAL_URL",
        "",
        "门户与工作台分开运行时，门户的网址，如 https://qifu.example.gov.cn",
        _site_address,
        "运行",
    ),
    Variable("QIFU_WORKBENCH_URL", "", "门户与工作台分开运行时，工作台的网址", _site_address, "运行"),
    Variable("QIFU_BACKUP_DIR", "", "qifu backup 存放备份的目录；空则为数据目录下的 backups", group="运行"),
    Variable("QIFU_LOG_DIR", "", "日志文件目录；空则只输出到标准输出（由 journald 收集）", group="运行"),
    Variable(
        "QIFU_METRICS_FROM",
        "",
        "允许读取 /metrics 的地址或网段，以逗号分隔，如 127.0.0.1,::1；空则不按地址放行",
        networks,
        "安全",
    ),
    Variable(
        "QIFU_METRICS_TOKEN",
        "",
        "读取 /metrics 的令牌（Authorization: Bearer …）；空则不按令牌放行",
        group="安全",
    ),
]
ENV, ENVIRONMENT_FAULTS = read_environment(VARIABLES)

DATA_DIR = Path(ENV["QIFU_DATA_DIR"])
PROVINCE_DIR = Path(ENV["QIFU_PROVINCE"])
DEMO: bool = ENV["QIFU_DEMO"]
AS_OF = ENV["QIFU_AS_OF"]
CHANNELS: SiteChannels = ENV["QIFU_CHANNELS"]
SITE: str = ENV["QIFU_SITE"]
PORTAL_URL: str = ENV["QIFU_PORTAL_URL"]
WORKBENCH_URL: str = ENV["QIFU_WORKBENCH_URL"]
START_ROUTE = "home" if SITE == "portal" else "workbench"
BACKUP_DIR = Path(ENV["QIFU_BACKUP_DIR"] or DATA_DIR / "backups")
METRICS_FROM = ENV["QIFU_METRICS_FROM"]
METRICS_TOKEN: str = ENV["QIFU_METRICS_TOKEN"]
UPLOAD_LIMIT_BYTES: int = ENV["QIFU_UPLOAD_LIMIT_MB"] * 1024 * 1024


def _data_dir() -> Path:
    """Return the data directory, made at first use."""
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"数据目录 {DATA_DIR} 无法建立（{error.strerror}）：请修改 QIFU_DATA_DIR 或目录权限"
        ) from error
    return DATA_DIR


def _kept_secret(variable: str, file: str, make: Callable[[], str]) -> str:
    """Return the secret from the environment, or the one kept (made at first use) in the data directory."""
    if ENV[variable]:
        return str(ENV[variable])
    path = _data_dir() / file
    if not path.exists():
        mine = path.with_name(f"{file}.{os.getpid()}")
        mine.touch(mode=0o600)
        mine.write_text(make())
        with contextlib.suppress(FileExistsError):  # another process that starts now may be first
            os.link(mine, path)
        mine.unlink()
    return path.read_text().strip()


def _new_secret_key() -> str:
    from django.core.management.utils import get_random_secret_key

    return get_random_secret_key()


def _new_seal_key() -> str:
    return f"1:{base64.b64encode(os.urandom(32)).decode()}"


SECRET_KEY = _kept_secret("QIFU_SECRET_KEY", "secret_key", _new_secret_key)
SEAL_KEYS = _kept_secret("QIFU_SEAL_KEYS", "seal_key", _new_seal_key)
REQUIRE_TOTP: list[str] = ENV["QIFU_REQUIRE_TOTP"]
DEBUG = ENV["QIFU_DEBUG"]
ALLOWED_HOSTS = ENV["QIFU_HOSTS"]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_tables2",
    "django_filters",
    "django_htmx",
    "csp",
    "qifu.foundation",
    "qifu.registers.divisions",
    "qifu.registers.organisations",
    "qifu.registers.people",
    "qifu.registers.enterprises",
    "qifu.registers.mandates",
    "qifu.engines.casework",
    "qifu.services.work_plans",
    "qifu.services.enterprise_problems",
    "qifu.services.rule_book",
    "qifu.services.policies",
    "qifu.portal",
]

MIDDLEWARE = [
    "qifu.portal.metrics.measured",
    "qifu.portal.middleware.request_ids",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "qifu.portal.middleware.private_pages",
    "qifu.portal.rate_limits.rate_limits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "qifu.portal.middleware.who_and_when",
    "qifu.registers.people.signed_in.own_password_first",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "qifu.portal.sides.one_side",
    "qifu.portal.middleware.door_errors",
]

ROOT_URLCONF = "qifu.portal.urls"
WSGI_APPLICATION = "qifu.portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "qifu.portal.context.site",
            ],
        },
    }
]

# IMMEDIATE: a SQLite transaction takes the write lock at BEGIN, so read-then-write acts cannot deadlock.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def _database() -> dict[str, object]:
    if ENV["DATABASE_URL"]:
        config = dict(dj_database_url.parse(ENV["DATABASE_URL"], conn_max_age=60, conn_health_checks=True))
    else:
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": _data_dir() / "qifu.sqlite3"}
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = SQLITE_OPTIONS
    return config


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.filebased.FileBasedCache",
        "LOCATION": DATA_DIR / "cache",
    },
    # In memory: counting must be atomic and cheap; each web process counts for itself.
    "rate_limits": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "rate_limits",
        "OPTIONS": {"MAX_ENTRIES": 20000},
    },
}

AUTH_USER_MODEL = "people.Person"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["qifu.portal.formats"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "files"},
    },
    "staticfiles": {"BACKEND": "qifu.portal.static_files.HashedStaticFiles"},
}
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV["QIFU_HTTPS"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 31536000 if ENV["QIFU_HTTPS"] else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV["QIFU_HTTPS"] else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "qifu.portal.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

OIDC_PROVIDERS: str = ENV["QIFU_OIDC_PROVIDERS"]
RATE_LIMITS: bool = ENV["QIFU_RATE_LIMITS"]
TRUSTED_PROXIES: int = ENV["QIFU_TRUSTED_PROXIES"]
# kind: (requests of one source, requests of one session, in how many seconds). A whole office often shares one
# outgoing address, so sources may ask far more than sessions.
RATE_RULES = {
    "page": (1200, 300, 60),
    "api": (6000, 3000, 60),  # a hotline hands over a morning's messages from one address
    "search": (240, 60, 60),  # a search costs the database most
    "sign_in": (60, 15, 300),  # guessing of passwords; each account is locked besides
    "upload": (60, 20, 600),  # each upload is read for seconds by the worker
}
DJANGO_TABLES2_TEMPLATE = "portal/table.html"


def _log_handlers() -> dict[str, dict[str, object]]:
    """Lines go to standard output, and to a file that each process appends to and logrotate may move away."""
    shared = {"formatter": "json", "filters": ["request_id"]}
    handlers: dict[str, dict[str, object]] = {"console": {"class": "logging.StreamHandler", **shared}}
    if ENV["QIFU_LOG_DIR"]:
        folder = Path(ENV["QIFU_LOG_DIR"])
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "qifu.log").open("ab").close()
        except OSError as error:
            raise ImproperlyConfigured(
                f"日志目录 {folder} 不可写（{error.strerror}）：请修改 QIFU_LOG_DIR 或目录权限"
            ) from error
        handlers["file"] = {
            "class": "logging.handlers.WatchedFileHandler",
            "filename": folder / "qifu.log",
            "encoding": "utf-8",
            **shared,
        }
    return handlers


LOG_HANDLERS = _log_handlers()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "qifu.portal.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "qifu.portal.logs.JsonFormatter"}},
    "handlers": LOG_HANDLERS,
    "root": {"handlers": list(LOG_HANDLERS), "level": ENV["QIFU_LOG_LEVEL"]},
    "loggers": {"django.server": {"level": "WARNING"}, "django.security": {"level": "WARNING"}},
}

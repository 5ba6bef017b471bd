"""/metrics in Prometheus' text format, for those whom the settings name; it holds counts and times, nothing of people.

Requests are counted by each web process into one folder that `qifu serve` makes (prometheus_client's multi-process
mode); everything else is asked of the database and the disk when somebody reads.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from ipaddress import ip_address

from django.conf import settings
from django.db import Error
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from qifu.foundation import clock, jobs
from qifu.foundation.client_address import client_address
from qifu.foundation.operating import backup
from qifu.registers.people.models import SignInCount

Handler = Callable[[HttpRequest], HttpResponse]

REQUESTS = Counter("qifu_requests", "Requests answered, by name of the route and status", ["route", "status"])
SECONDS = Histogram(
    "qifu_request_seconds", "Seconds until the answer, by name of the route", ["route"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10),
)  # fmt: skip


def measured(get_response: Handler) -> Handler:
    """Count each request and its time under the name of its route; addresses and their numbers stay out."""

    def middleware(request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = get_response(request)
        route = route_of(request)
        REQUESTS.labels(route, str(response.status_code)).inc()
        SECONDS.labels(route).observe(time.monotonic() - started)
        return response

    return middleware


def route_of(request: HttpRequest) -> str:
    """Return the name of the route that answered, `static`, or `none`."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every figure; 404 for anyone whom neither address nor token admits."""
    if not admitted(request):
        raise Http404
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        body = generate_latest(registry)
    else:
        body = generate_latest(REGISTRY)
    state = CollectorRegistry()
    state.register(SiteState(clock.now()))
    response = HttpResponse(body + generate_latest(state), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def admitted(request: HttpRequest) -> bool:
    """Tell whether the request carries the token or comes from an address on the list; nobody is, by default.

    A request that some proxy passed on counts as from the proxy's address only where our own proxies are declared.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN and kind.lower() == "bearer":
        return constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    if "X-Forwarded-For" in request.headers and not settings.TRUSTED_PROXIES:
        return False
    try:
        address = ip_address(client_address(request, whole=True))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_FROM)


class SiteState(Collector):
    """The state of the site at one moment; a part that cannot be asked is left out, and `qifu_up` says so."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        up = 1
        try:
            yield from [*self._jobs(), *self._people(), self._database()]
        except Error:
            up = 0
        yield GaugeMetricFamily("qifu_up", "1 when the database answers", value=up)
        free = shutil.disk_usage(settings.DATA_DIR).free
        yield GaugeMetricFamily(
            "qifu_disk_free_bytes", "Free bytes where the data directory lies", value=free
        )
        if (last := backup.last_backup()) is not None:
            age = (self.at - last.made_at).total_seconds()
            yield GaugeMetricFamily("qifu_backup_age_seconds", "Age of the last backup", value=age)
            good = int(last.verified_at is not None and last.present)
            yield GaugeMetricFamily(
                "qifu_backup_good", "1 when the last backup is there and was verified", value=good
            )

    def _jobs(self) -> Iterator[Metric]:
        by_state = GaugeMetricFamily("qifu_jobs", "Jobs by state", labels=["state"])
        for state, count in jobs.counts().items():
            by_state.add_metric([state], count)
        yield by_state
        health = jobs.health(at=self.at)
        yield GaugeMetricFamily("qifu_jobs_due", "Jobs that are due and wait", value=health.waiting)
        oldest = health.oldest_seconds
        yield GaugeMetricFamily(
            "qifu_jobs_oldest_seconds", "How long the oldest due job has waited", value=oldest
        )
        yield GaugeMetricFamily("qifu_workers_alive", "Workers alive", value=health.alive)
        if health.seconds_since_beat is not None:
            beat = health.seconds_since_beat
            yield GaugeMetricFamily(
                "qifu_worker_beat_seconds", "Seconds since a worker last beat", value=beat
            )

    def _people(self) -> Iterator[Metric]:
        failures = SignInCount.objects.aggregate(total=Sum("failures"))["total"] or 0
        text = "Failed sign-ins counted now; a success or a day forgets them"
        yield GaugeMetricFamily("qifu_sign_in_failures", text, value=failures)
        locked = SignInCount.objects.filter(locked_until__gt=self.at).count()
        yield GaugeMetricFamily("qifu_sign_in_locked", "Names that are locked now", value=locked)

    def _database(self) -> Metric:
        return GaugeMetricFamily("qifu_database_bytes", "Size of the database", value=backup.database_size())

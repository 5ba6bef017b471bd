"""The WSGI entry that the web server loads; it refuses to start on settings that cannot be read."""

import gc
import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
if settings.ENVIRONMENT_FAULTS:
    raise ImproperlyConfigured("；".join(settings.ENVIRONMENT_FAULTS))
application = get_wsgi_application()

# What was loaded by now stays for good: the collector need not walk it again, nor come after every few requests.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)

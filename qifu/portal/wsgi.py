"""The WSGI entry that the web server loads; it refuses to start on settings that cannot be read."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "qifu.portal.settings")
if settings.ENVIRONMENT_FAULTS:
    raise ImproperlyConfigured("；".join(settings.ENVIRONMENT_FAULTS))
application = get_wsgi_application()

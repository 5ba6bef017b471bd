"""Foundation's tables, gathered for Django; each is defined in the file that owns it."""

from qifu.foundation.audit.models import AuditRow
from qifu.foundation.channels.models import ChannelPreference, ChannelRest, Delivery, DemoMessage
from qifu.foundation.feeds import FeedToken
from qifu.foundation.files.models import StoredFile
from qifu.foundation.imports.models import Import, ImportRemark
from qifu.foundation.jobs import Job
from qifu.foundation.notices import Notice
from qifu.foundation.revisions import Revision, Series
from qifu.foundation.search import SearchEntry

__all__ = [
    "AuditRow",
    "ChannelPreference",
    "ChannelRest",
    "Delivery",
    "DemoMessage",
    "FeedToken",
    "Import",
    "ImportRemark",
    "Job",
    "Notice",
    "Revision",
    "SearchEntry",
    "Series",
    "StoredFile",
]

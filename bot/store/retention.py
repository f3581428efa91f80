"""Forgets what was kept for long enough, as `keep_days` in [store] says."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from bot.store.database import Database
from bot.store.posts import Posts
from bot.store.replies import Replies
from bot.store.tables import stamp

_log = logging.getLogger(__name__)


async def forget_old(database: Database, keep_days: int, now: datetime) -> int:
    """Drop replies older than so many days, with the votes on them, and posts; 0 days keep all. Returns how many replies.

    `now` has a time zone. Raises StoreError when the database fails.
    """
    if not keep_days:
        return 0
    before = stamp(now - timedelta(days=keep_days))
    dropped = await Replies(database).forget(before)
    await Posts(database).forget(before)
    if dropped:
        _log.info("Replies older than %d days were dropped, as keep_days in [store] says: %d.", keep_days, dropped)
    return dropped

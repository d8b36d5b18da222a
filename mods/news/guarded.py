"""HTTP connections that are made to public addresses alone, whatever their names say later."""

import socket
from typing import Any

from django.conf import settings
from urllib3 import HTTPConnectionPool

from ..watch import WatchedAdapter
from .addresses import PointsInside, is_public


class GuardedAdapter(WatchedAdapter):
    """Looks where a connection has led before anything is sent over it: a name may resolve to
    another address than it did a moment ago."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = self.poolmanager.pool_classes_by_scheme
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _guarded(pool) for scheme, pool in pools.items()
        }


def _guarded(pool: type[HTTPConnectionPool]) -> type[HTTPConnectionPool]:
    class Connection(pool.ConnectionCls):  # type: ignore[name-defined,misc]
        def _new_conn(self) -> socket.socket:
            return _checked(super()._new_conn())

    class Pool(pool):  # type: ignore[valid-type,misc]
        ConnectionCls = Connection

    return Pool


def _checked(opened: socket.socket) -> socket.socket:
    if not settings.NEWS_ALLOW_PRIVATE and not is_public(str(opened.getpeername()[0])):
        opened.close()
        raise PointsInside("the connection led inside")
    return opened

"""HTTP connections that are made to public addresses alone, whatever their names say later."""

import socket
from typing import Any

from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from .addresses import PointsInside, is_public


class GuardedAdapter(HTTPAdapter):
    """Looks where a connection has led before anything is sent over it: a name may resolve to
    another address than it did a moment ago."""

    def __init__(self) -> None:
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def _checked(opened: socket.socket) -> socket.socket:
    if not settings.NEWS_ALLOW_PRIVATE and not is_public(str(opened.getpeername()[0])):
        opened.close()
        raise PointsInside("the connection led inside")
    return opened


class _Plain(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _Secure(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _checked(super()._new_conn())


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure

"""A client whose person has just given their password."""

import time

from django.test import Client


def confirmed(client: Client, ago: float = 0) -> Client:
    """So many seconds ago, that is."""
    session = client.session
    session["confirmed"] = [int(session["_auth_user_id"]), time.time() - ago]
    session.save()
    return client

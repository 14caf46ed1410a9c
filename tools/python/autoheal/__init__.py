"""Autoheal for Python programs: a client of the daemon that heals this host.

    from autoheal import Client
    result = Client().heal("EnvRecon", error="the port does not answer")

Standard library only, Python 3.9 or later.
"""
from autoheal.aio import AsyncClient, AsyncEventStream
from autoheal.client import Client
from autoheal.errors import AutohealError
from autoheal.events import Event, EventStream

__all__ = ["AsyncClient", "AsyncEventStream", "AutohealError", "Client", "Event", "EventStream"]

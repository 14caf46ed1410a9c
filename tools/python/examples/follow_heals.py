"""Says when healing is triggered and when it is completed, until Ctrl-C."""
import logging
import sys

from bridge_backend.genesis.bus import genesis_bus

logging.basicConfig(stream=sys.stdout, format="%(message)s", level=logging.INFO)
logger = logging.getLogger(__name__)


# Subscribe to autoheal events
@genesis_bus.subscribe("selftest.autoheal.trigger")
async def on_autoheal_trigger(event):
    logger.info(f"Healing triggered for {event['engine']}")


@genesis_bus.subscribe("selftest.autoheal.complete")
async def on_autoheal_complete(event):
    logger.info(f"Healing completed for {event['engine']}")


genesis_bus.run()

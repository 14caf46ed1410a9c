"""Heals EnvRecon after a failed self-test and prints the healing result."""
import asyncio

from bridge_backend.engines.selftest.autoheal_trigger import AutoHealTrigger

test_result = {
    "engine": "EnvRecon",
    "action": "health_check",
    "result": "⚠️ auto-heal launched",
    "error": "configuration drift",
}


async def main() -> None:
    autoheal = AutoHealTrigger()
    result = await autoheal.heal_engine("EnvRecon", test_result)
    print(result)


asyncio.run(main())

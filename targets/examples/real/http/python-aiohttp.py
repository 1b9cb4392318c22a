"""aiohttp: a ClientSession. ClientTimeout(total) bounds the whole exchange; unset, it is five minutes."""

import asyncio
import sys
import threading

import aiohttp

import contract

session = None


async def run(method, url, body, timeout, fresh):
    global session
    if session and fresh:
        await session.close()
        session = None
    if session is None:
        session = aiohttp.ClientSession()
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    options = {"timeout": aiohttp.ClientTimeout(total=timeout)} if timeout else {}
    async with session.request(method, url, data=body, headers=headers, **options) as response:
        return response.status, await response.read()


def word(error):
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        return "closed"
    if isinstance(error, aiohttp.ClientResponseError):
        return "protocol"


def wait(coroutine):
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


loop = asyncio.new_event_loop()  # runs between the exchanges, too, as it does in a program that is asynchronous throughout
threading.Thread(target=loop.run_forever, daemon=True).start()
code = contract.main(lambda *args: wait(run(*args)), word)
if session:
    wait(session.close())
sys.exit(code)

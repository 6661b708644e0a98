"""Creates queues on a RabbitMQ broker: queues.py URL COUNT THREADS.

What a script does that somebody writes for it: a session with a pool of connections, and threads.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import requests

url, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
session = requests.Session()
session.auth = ("guest", "guest")
session.mount("http://", requests.adapters.HTTPAdapter(pool_connections=1, pool_maxsize=threads))


def create(number):
    body = {"durable": True, "auto_delete": False, "arguments": {}}
    session.put(f"{url}/queues/%2F/q{number}", json=body).raise_for_status()


with ThreadPoolExecutor(threads) as pool:
    list(pool.map(create, range(count)))

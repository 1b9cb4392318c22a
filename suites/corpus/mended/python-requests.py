"""requests, mended: urllib3 1.26 compares a body with its Content-Length if it is told to, and requests does not tell it."""

import os
import runpy
import sys

import urllib3


class Strict(urllib3.response.HTTPResponse):
    def __init__(self, *args, **kw):
        super().__init__(*args, **kw | {"enforce_content_length": True})


urllib3.connectionpool.HTTPConnectionPool.ResponseCls = Strict

programs = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../targets/examples/real/http")
sys.path.insert(0, programs)
runpy.run_path(os.path.join(programs, "python-requests.py"), run_name="__main__")

#: says = "Page modules with their tables of texts are imported when a page is first asked for; after the last of them nothing is added."
#: kind = "healthy"
#: causes = []
#: holder = []
#: per_s = 240
#: for_s = 20
#: limit_mib = 512
"""Help centre: every page is a module of the package `pages`, imported when it is first needed."""
import importlib
import importlib.abc
import importlib.machinery
import itertools
import os
import random
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGE_COUNT = 220
SOURCE = '''
name = __name__.rpartition(".")[2]
texts = {f"{name}/{i}": f"Answer {i} of {name}. " + "See also the chapter before. " * (i % 6) for i in range(480)}
def render(number):
    return f"<h1>{name}</h1><p>{texts[f'{name}/{number % 480}']}</p>"
'''


class PageLoader(importlib.abc.Loader):
    def create_module(self, spec):
        return None

    def exec_module(self, module):
        if module.__name__ != "pages":
            exec(compile(SOURCE, f"<{module.__name__}>", "exec"), module.__dict__)


class PageFinder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path, target=None):
        if fullname == "pages" or fullname.startswith("pages.page"):
            return importlib.machinery.ModuleSpec(fullname, PageLoader(), is_package=fullname == "pages")
        return None


sys.meta_path.append(PageFinder())
questions = itertools.count(1)
popular = random.Random(3)
import_lock = threading.Lock()


def page_for(number):
    """New readers begin with the next page of the list, others go to any page read before."""
    newest = min(number // 10, PAGE_COUNT - 1)
    index = newest if number % 10 == 0 else popular.randint(0, newest)
    with import_lock:
        return importlib.import_module(f"pages.page{index:03d}")


class Help(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "help/2"
    wbufsize = 32768

    def do_GET(self):
        number = next(questions)
        html = page_for(number).render(number).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(html)))
        self.end_headers()
        self.wfile.write(html)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Help)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f"ready pid={os.getpid()} port={server.server_port}", flush=True)
sys.stdin.read()

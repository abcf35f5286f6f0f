"""ClickHouse's engine (chdb) behind the part of the HTTP interface that clients of it use. Loopback only.

chdb-front.py PORT FOLDER [--user NAME --password TEXT] [--cert FILE --key FILE [--client-ca FILE]]
"""
import argparse
import base64
import os
import re
import ssl
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from chdb.session import Session

parser = argparse.ArgumentParser()
parser.add_argument('port', type=int)
parser.add_argument('folder')
for name in ('--user', '--password', '--cert', '--key', '--client-ca'):
    parser.add_argument(name)
options = parser.parse_args()

os.makedirs(options.folder, exist_ok=True)
session = Session(os.path.join(options.folder, 'engine'))
# One statement at a time: the engine has one session.
turn = threading.Lock()
# As a server has one; the engine's own default database is an overlay without tables of its own.
session.query('CREATE DATABASE IF NOT EXISTS standard ENGINE = Atomic')
own = {'query', 'database', 'user', 'password', 'query_id', 'session_id', 'wait_end_of_query', 'default_format'}
# Of the HTTP interface only.
unknown = {'cancel_http_readonly_queries_on_client_close', 'http_response_buffer_size'}
insert = re.compile(r'^(\s*INSERT\s+INTO\s+.*?)\s+FORMAT\s+(\w+)\s*$', re.IGNORECASE | re.DOTALL)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *_):
        pass

    def reply(self, status, body, code=None):
        self.send_response(status)
        if code is not None:
            self.send_header('X-ClickHouse-Exception-Code', str(code))
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fail(self, status, code, text):
        self.reply(status, f'Code: {code}. DB::Exception: {text}\n'.encode(), code)

    def do_GET(self):
        self.serve(b'')

    def do_POST(self):
        if self.headers.get('Transfer-Encoding') == 'chunked':
            body = b''
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            length = int(self.headers.get('Content-Length', 0))
            body = self.rfile.read(length)
            if len(body) < length:
                return
        self.serve(body)

    def serve(self, body):
        url = urlsplit(self.path)
        if url.path == '/ping':
            return self.reply(200, b'Ok.\n')
        given = {name: values[-1] for name, values in parse_qs(url.query, keep_blank_values=True).items()}
        if not self.allowed(given):
            return self.fail(
                403, 516, f'{options.user}: Authentication failed: password is incorrect, or there is no user with '
                'such name. (AUTHENTICATION_FAILED)')
        statement = given.get('query', '')
        settings = {name: value for name, value in given.items() if name not in own}
        try:
            if (found := insert.match(statement)) is not None and body:
                result = self.insert(given, found, settings, body)
            else:
                text = statement if not body else f'{statement}\n{body.decode()}'
                result = self.query(given, text, settings)
            self.reply(200, result)
        except Exception as error:
            text = str(error)
            code = re.match(r'Code: (\d+)\. DB::Exception: ', text)
            if code is None:
                return self.fail(500, 1001, f'{text} (STD_EXCEPTION)')
            status = {60: 404, 81: 404, 497: 403, 241: 503}.get(int(code[1]), 500)
            self.fail(status, int(code[1]), text[code.end():])

    def allowed(self, given):
        if options.user is None:
            return True
        basic = self.headers.get('Authorization', '')
        if basic.startswith('Basic '):
            user, _, password = base64.b64decode(basic[6:]).decode().partition(':')
        else:
            user = self.headers.get('X-ClickHouse-User', given.get('user', ''))
            password = self.headers.get('X-ClickHouse-Key', given.get('password', ''))
        if self.headers.get('X-ClickHouse-SSL-Certificate-Auth') == 'on':
            return options.client_ca is not None and user == options.user
        return user == options.user and password == options.password

    def insert(self, given, found, settings, body):
        coding = self.headers.get('Content-Encoding')
        with tempfile.NamedTemporaryFile(dir=options.folder) as file:
            file.write(body)
            file.flush()
            compression = '' if coding is None else f" COMPRESSION '{coding}'"
            clause = f' SETTINGS {assigned(settings)}' if settings else ''
            return self.run(given, [f"{found[1]} FROM INFILE '{file.name}'{compression}{clause} FORMAT {found[2]}"])

    def query(self, given, text, settings):
        """With the settings of the request, as a server applies them. KILL waits for no other statement."""
        if re.match(r'\s*KILL\s', text, re.IGNORECASE):
            return b''
        applied = {name: value for name, value in settings.items() if name not in unknown}
        parameters = {name[6:]: applied.pop(name) for name in [*applied] if name.startswith('param_')}
        selects = re.match(r'[\s(]*(SELECT|WITH)\b', text, re.IGNORECASE) is not None
        # A session that may only read could not be changed back.
        if applied.pop('readonly', None) is not None:
            if not selects and re.match(r'\s*(SHOW|DESC|DESCRIBE|EXPLAIN|EXISTS)\b', text, re.IGNORECASE) is None:
                raise Exception('Code: 164. DB::Exception: Cannot execute query in readonly mode. (READONLY)')
            if selects:
                text = f'{text}\nSETTINGS readonly = 1'
        with turn:
            session.query(f"USE `{given.get('database', 'standard')}`")
            if applied:
                session.query('SET ' + ', '.join(f'{name} = {quote(value)}' for name, value in applied.items()))
            try:
                format = given.get('default_format', 'TabSeparated')
                return bytes(session.query(text, format, params=parameters).bytes())
            finally:
                if applied:
                    session.query('SET ' + ', '.join(f'{name} = DEFAULT' for name in applied))

    def run(self, given, statements):
        result = b''
        with turn:
            session.query(f"USE `{given.get('database', 'standard')}`")
            for statement in statements:
                result = session.query(statement, 'TabSeparated').bytes()
        return bytes(result)


def assigned(settings):
    return ', '.join(f'{name} = {quote(value)}' for name, value in settings.items())


def quote(value):
    if re.fullmatch(r'-?\d+', value):
        return value
    return "'" + value.replace('\\', '\\\\').replace("'", "\\'") + "'"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


server = Server(('127.0.0.1', options.port), Handler)
if options.cert is not None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    if options.client_ca is not None:
        context.load_verify_locations(options.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True)
print('ready', flush=True)
# Ends with its parent.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
server.serve_forever()

"""Who may ask, what strangers get, CORS, models, health, unknown paths; and what never leaks."""

import os
import socket
import ssl
import subprocess

import pytest

from fakes import replies as r
from fakes.upstream import server_tls
from harness.daemon import MASTER_KEY, binary, config_of, deployment
from harness.http import Client, Connection
from harness.waiting import wait_until


@pytest.fixture(scope="module")
def world(module_workshop):
    upstream = module_workshop.upstream()
    daemon = module_workshop.daemon(config_of(
        deployment("m", upstream.base),
        deployment("ollama/llama3:8b", upstream.base, model="openai/llama3:8b"),
        general_settings={"litellm_key_header_name": "X-Our-Key"},
    )).start()
    daemon.upstream = upstream
    return daemon


@pytest.fixture(autouse=True)
def fresh(world):
    world.upstream.forget()


BODY = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}

GOOD_CREDENTIALS = [
    ("Authorization", f"Bearer {MASTER_KEY}"),
    ("authorization", f"bearer {MASTER_KEY}"),
    ("Authorization", MASTER_KEY),
    ("x-api-key", MASTER_KEY),
    ("api-key", MASTER_KEY),
    ("x-litellm-api-key", MASTER_KEY),
    ("x-litellm-api-key", f"Bearer {MASTER_KEY}"),
    ("x-goog-api-key", MASTER_KEY),
    ("X-Our-Key", MASTER_KEY),
    ("X-Our-Key", f"Bearer {MASTER_KEY}"),
]


@pytest.mark.parametrize("header", GOOD_CREDENTIALS, ids=lambda header: f"{header[0]}-{len(header[1])}")
def test_the_key_is_taken_from_every_header_that_clients_use(world, header):
    assert world.anonymous.post("/v1/chat/completions", BODY, [header]).status == 200


BAD_CREDENTIALS = {
    "none": [],
    "empty_bearer": [("Authorization", "Bearer ")],
    "bearer_only": [("Authorization", "Bearer")],
    "empty": [("Authorization", "")],
    "wrong": [("Authorization", "Bearer sk-wrong")],
    "prefix": [("Authorization", f"Bearer {MASTER_KEY[:-1]}")],
    "longer": [("Authorization", f"Bearer {MASTER_KEY}x")],
    "upper": [("Authorization", f"Bearer {MASTER_KEY.upper()}")],
    "basic": [("Authorization", "Basic c2stZmxvdy1tYXN0ZXIta2V5")],
    "twenty_characters": [("Authorization", f"Bearer {MASTER_KEY[:20]}")],
    "quoted": [("Authorization", f'Bearer "{MASTER_KEY}"')],
    "two_words": [("Authorization", f"Bearer {MASTER_KEY} x")],
    "two_keys_comma": [("Authorization", f"Bearer sk-wrong, Bearer {MASTER_KEY}")],
    "sql": [("Authorization", "Bearer ' OR '1'='1")],
    "nul_escape": [("Authorization", f"Bearer {MASTER_KEY}%00")],
    "latin": [("Authorization", "Bearer \xe9\xff")],
    "long": [("Authorization", "Bearer " + "a" * 20_000)],
    "upstream_key": [("Authorization", "Bearer sk-upstream-secret")],
    "cookie": [("Cookie", f"token={MASTER_KEY}")],
    "other_header": [("X-Key", MASTER_KEY)],
    "underscore": [("x_api_key", MASTER_KEY)],
    "wrong_api_key": [("x-api-key", "sk-wrong")],
    "wrong_goog": [("x-goog-api-key", "sk-wrong")],
    "two_that_differ": [("Authorization", f"Bearer {MASTER_KEY}"), ("x-api-key", "sk-wrong")],
    "two_that_differ_other_way": [("x-api-key", MASTER_KEY), ("Authorization", "Bearer sk-wrong")],
    "twice_authorization": [("Authorization", f"Bearer {MASTER_KEY}"), ("Authorization", "Bearer sk-wrong")],
    "twice_authorization_wrong_first": [("Authorization", "Bearer sk-wrong"), ("Authorization", f"Bearer {MASTER_KEY}")],
    "host_trick": [("Host", "localhost/?x"), ("X-Forwarded-Host", "localhost")],
    "query": [],
}


@pytest.mark.parametrize("name", BAD_CREDENTIALS)
def test_strangers_get_401_and_no_record(world, name):
    before = len(world.ledger)
    target = "/v1/chat/completions" + (f"?api_key={MASTER_KEY}" if name == "query" else "")
    reply = world.anonymous.post(target, BODY, BAD_CREDENTIALS[name])
    assert reply.status == (400 if name == "host_trick" else 401), reply
    error = reply.error
    for _, value in BAD_CREDENTIALS[name]:
        key = value.removeprefix("Bearer").strip()
        assert not key or key not in error["message"], "the offered key is never repeated"
    assert MASTER_KEY not in reply.body.decode()
    assert not world.upstream.requests
    assert len(world.ledger) == before


PROTECTED = [("GET", "/v1/models"), ("GET", "/models"), ("GET", "/v1/models/m"), ("POST", "/v1/embeddings"),
             ("POST", "/v1/completions"), ("POST", "/v1/responses"), ("POST", "/v1/audio/speech"),
             ("GET", "/spend/logs"), ("GET", "/global/spend"), ("GET", "/global/spend/logs"), ("GET", "/health"),
             ("GET", "/model/info")]


@pytest.mark.parametrize("method, path", PROTECTED)
def test_every_path_that_tells_something_asks_for_the_key(world, method, path):
    reply = world.anonymous.request(method, path, body=b"{}" if method == "POST" else None)
    assert reply.status == 401, reply
    for trick in (path + "/", path + "?x=/health/liveliness", "/" + path, path.replace("/", "//", 1)):
        assert world.anonymous.request(method, trick, body=b"{}" if method == "POST" else None).status in (401, 404, 400)


def test_strangers_are_counted(world):
    def strangers():
        lines = world.client.get("/metrics").body.decode().splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if "stranger" in line and not line.startswith("#"))

    before = strangers()
    world.anonymous.post("/v1/chat/completions", BODY)
    assert strangers() == before + 1


# --- open daemons


def test_without_a_key_it_serves_on_loopback(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={"master_key": None})
    assert daemon.anonymous.chat("m").status == 200
    assert Client(daemon.port, "sk-anything").chat("m").status == 200


def test_without_a_key_it_refuses_an_address_that_others_can_reach(workshop, upstream):
    daemon = workshop.daemon(config_of(deployment("m", upstream.base), general_settings={"master_key": None}),
                             arguments=["--host", "0.0.0.0"])
    daemon.launch()
    assert daemon.wait() != 0
    assert "master_key" in daemon.log and "0.0.0.0" in daemon.log


def test_without_a_key_it_binds_wider_when_told_so_explicitly(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), general_settings={"master_key": None},
                            server={"allow_open": True}, arguments=["--host", "0.0.0.0"])
    assert daemon.anonymous.chat("m").status == 200


def test_a_key_from_the_environment(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base),
                            general_settings={"master_key": "os.environ/FLOW_KEY"}, env={"FLOW_KEY": "sk-from-env"})
    assert daemon.anonymous.chat("m").status == 401
    assert Client(daemon.port, "sk-from-env").chat("m").status == 200


# --- CORS


def test_a_preflight_is_answered_without_a_key(world):
    reply = world.anonymous.request("OPTIONS", "/v1/chat/completions", [
        ("Origin", "https://app.example"), ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type,x-stainless-lang")])
    assert reply.status in (200, 204)
    assert reply.header("access-control-allow-origin") in ("*", "https://app.example")
    allowed = reply.header("access-control-allow-headers").lower()
    assert all(name in allowed for name in ("authorization", "content-type", "x-stainless-lang"))
    assert "POST" in reply.header("access-control-allow-methods")
    assert reply.header("access-control-allow-credentials") is None
    assert not world.upstream.requests


@pytest.mark.parametrize("what", ("whole", "stream", "error", "stranger", "models"))
def test_answers_to_browsers_carry_cors(world, what):
    origin = [("Origin", "https://app.example")]
    if what == "stranger":
        reply = world.anonymous.post("/v1/chat/completions", BODY, origin)
    elif what == "models":
        reply = world.client.get("/v1/models", origin)
    elif what == "error":
        reply = world.client.chat("nobody", headers=origin)
    else:
        reply = world.client.chat("m", stream=what == "stream", headers=origin)
    assert reply.header("access-control-allow-origin") in ("*", "https://app.example")


def test_only_configured_origins_are_allowed(workshop, upstream):
    daemon = workshop.serve(deployment("m", upstream.base), server={"cors_origins": ["https://mine.example"]})
    mine = daemon.client.get("/v1/models", [("Origin", "https://mine.example")])
    other = daemon.client.get("/v1/models", [("Origin", "https://evil.example")])
    assert mine.header("access-control-allow-origin") == "https://mine.example"
    assert other.header("access-control-allow-origin") is None


# --- models and health


def test_models_are_listed_in_openais_shape(world):
    reply = world.client.get("/v1/models")
    assert reply.json["object"] == "list"
    assert [row["id"] for row in reply.json["data"]] == ["m", "ollama/llama3:8b"]
    for row in reply.json["data"]:
        assert set(row) >= {"id", "object", "created", "owned_by"} and row["object"] == "model"
        assert isinstance(row["created"], int)


@pytest.mark.parametrize("path", ("/v1/models/ollama%2Fllama3:8b", "/v1/models/ollama%2fllama3%3A8b", "/models/m"))
def test_one_model_is_found_by_its_encoded_name(world, path):
    reply = world.client.get(path)
    assert reply.status == 200, reply
    assert reply.json["id"] in ("m", "ollama/llama3:8b") and reply.json["object"] == "model"


def test_an_unknown_model_card_is_a_404(world):
    reply = world.client.get("/v1/models/nobody")
    assert reply.status == 404 and reply.error["code"] == "model_not_found"


@pytest.mark.parametrize("path", ("/health/liveliness", "/health/liveness", "/health/readiness"))
def test_health_needs_no_key(world, path):
    reply = world.anonymous.get(path)
    assert reply.status == 200
    if path == "/health/readiness":
        assert reply.json["status"] in ("connected", "healthy")
        assert "sk-" not in reply.body.decode()


def test_health_asks_each_deployment_without_generating(world):
    reply = world.client.get("/health")
    assert reply.status == 200
    assert reply.json["healthy_count"] == 2 and reply.json["unhealthy_count"] == 0
    assert all(request.method == "GET" for request in world.upstream.requests)
    assert "sk-upstream-secret" not in reply.body.decode()


def test_metrics_are_prometheus_text(world):
    world.client.chat("m")
    reply = world.client.get("/metrics")
    assert reply.status == 200
    assert reply.header("content-type").startswith("text/plain")
    names = {line.split("{")[0].split(" ")[0] for line in reply.body.decode().splitlines() if not line.startswith("#")}
    assert any("requests" in name for name in names)


def test_head_is_get_without_a_body(world):
    for path in ("/health/liveliness", "/v1/models"):
        whole, bare = world.client.get(path), world.client.request("HEAD", path)
        assert bare.status == whole.status == 200
        assert bare.body == b""
        assert bare.header("content-length") == str(len(whole.body))


# --- unknown paths and methods


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/nothing", 404), ("POST", "/nothing", 404), ("GET", "/v1", 404), ("GET", "/v1/nothing", 404),
    ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/chat/completions", 405), ("PUT", "/v1/models", 405),
    ("DELETE", "/v1/models/m", 405), ("GET", "/%2e%2e/etc/passwd", 404), ("GET", "/v1/../spend/logs", 404),
    ("POST", "/v1/models", 405), ("PATCH", "/v1/embeddings", 405),
])
def test_unknown_paths_and_methods_get_openais_error(world, method, path, status):
    reply = world.client.request(method, path, body=b"{}" if method in ("POST", "PUT", "PATCH") else None)
    assert reply.status == status, reply
    assert reply.error
    assert not world.upstream.requests
    if status == 405:
        allowed = reply.header("allow").split(", ")
        assert "OPTIONS" in allowed and method not in allowed
    else:
        assert reply.header("allow") is None


def test_the_operators_pages_name_their_methods(world):
    reply = world.client.request("DELETE", "/metrics")
    assert reply.status == 405
    assert reply.header("allow") == "GET, HEAD, OPTIONS"


# --- headers on every answer


def test_headers_and_their_litellm_twins_stand_on_every_answer(world):
    for stream in (False, True):
        reply = world.client.chat("m", stream=stream)
        for name in ("call-id", "model-id", "model-group", "attempted-retries", "attempted-fallbacks"):
            ours, theirs = reply.header(f"x-spillway-{name}"), reply.header(f"x-litellm-{name}")
            assert ours == theirs and ours, name
        assert reply.header("x-litellm-model-api-base") == world.upstream.base
        assert reply.header("x-spillway-attempted-retries") == "0"
    whole = world.client.chat("m")
    assert whole.header("x-spillway-overhead-duration-ms") is not None
    assert whole.header("x-litellm-overhead-duration-ms") is not None
    assert int(whole.header("x-litellm-response-duration-ms")) >= 0
    refused = world.client.chat("nobody")
    assert refused.header("x-spillway-call-id") == refused.header("x-litellm-call-id") is not None
    assert world.ledger.record(refused.header("x-spillway-call-id")).outcome == "refused"


def test_the_stream_headers_let_no_proxy_hold_events_back(world):
    reply = world.client.chat("m", stream=True)
    assert reply.header("content-type") == "text/event-stream; charset=utf-8"
    assert "no-cache" in reply.header("cache-control")
    assert reply.header("x-accel-buffering") == "no"


def test_header_values_from_upstream_cannot_inject(world):
    world.upstream.next(r.whole(r.chat("x"), headers=[("x-request-id", "a\x0bb")]))
    reply = world.client.chat("m")
    assert reply.status in (200, 502)
    assert "\x0b" not in (reply.header("x-request-id") or "")


# --- secrets and prompts


def test_no_secret_and_no_prompt_leaves_traces(workshop):
    upstream = workshop.upstream()
    daemon = workshop.serve(deployment("m", upstream.base), deployment("dead", workshop.closed_port().base),
                            server={"access_log": True, "log_level": "debug"})
    marker = "XYZZY-prompt-marker"
    message = [{"role": "user", "content": marker}]
    for model in ("m", "dead", "nobody"):
        for stream in (False, True):
            daemon.client.chat(model, stream=stream, messages=message)
    upstream.next(r.status(400, f"bad: {marker}"), r.status(500, f"worse: {marker} sk-upstream-secret"))
    daemon.client.chat("m", messages=message)
    leaky = daemon.client.chat("m", messages=message)
    assert "sk-upstream-secret" not in leaky.body.decode()
    daemon.anonymous.post("/v1/chat/completions", BODY, [("Authorization", "Bearer sk-strangers-key")])
    daemon.client.post("/v1/chat/completions", f'{{"model":"m","messages":"{marker}"'.encode())
    pages = b"".join(daemon.client.get(path).body for path in ("/metrics", "/spend/logs", "/health", "/model/info"))
    arguments = open(f"/proc/{daemon.pid}/cmdline").read()
    for name, text in (("log", daemon.log), ("pages", pages.decode()), ("arguments", arguments)):
        for secret in (marker, MASTER_KEY, "sk-upstream-secret", "sk-strangers-key"):
            assert secret not in text, (name, secret)
    daemon.stop()
    raw = b"".join(path.read_bytes() for path in daemon.folder.iterdir() if path.name != "config.yaml")
    for secret in (marker, MASTER_KEY, "sk-upstream-secret", "sk-strangers-key"):
        assert secret.encode() not in raw, secret


# --- TLS at the front


def certificate(folder, name="localhost", days="30", authority=None, san=None):
    """A key and certificate, self-signed or by `authority` (certificate, key)."""
    key, crt, csr = folder / f"{name}.key", folder / f"{name}.crt", folder / f"{name}.csr"
    run = lambda *command: subprocess.run(command, check=True, capture_output=True)  # noqa: E731
    san = san or f"DNS:{name}"
    if authority is None:
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", key, "-out", crt, "-days", days, "-subj", f"/CN={name}", "-addext", f"subjectAltName={san}")
        return crt, key
    extensions = folder / f"{name}.ext"
    extensions.write_text(f"subjectAltName={san}\n")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key,
        "-out", csr, "-subj", f"/CN={name}")
    run("openssl", "x509", "-req", "-in", csr, "-CA", authority[0], "-CAkey", authority[1], "-CAcreateserial",
        "-out", crt, "-days", days, "-extfile", extensions)
    return crt, key


def trusting(path):
    context = ssl.create_default_context(cafile=str(path))
    return context


def test_tls_at_the_front(workshop, upstream, tmp_path):
    crt, key = certificate(tmp_path)
    config = config_of(deployment("m", upstream.base), server={"tls_certificate": str(crt), "tls_key": str(key)})
    daemon = workshop.daemon(config).launch()

    def over_tls(context=None, **more):
        with Connection(daemon.port, tls=context or trusting(crt), **more) as connection:
            Client(daemon.port, MASTER_KEY).send(connection, "/v1/chat/completions", BODY)
            return connection.read_reply(), connection.socket.version()

    def ready():
        try:
            return over_tls()
        except OSError:
            return None

    reply, version = wait_until(ready, 30)
    assert reply.status == 200 and version in ("TLSv1.2", "TLSv1.3")

    old = trusting(crt)
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        over_tls(old)

    with Connection(daemon.port, timeout=5) as plain:  # plain HTTP on the TLS port
        plain.send_request("GET", "/health/liveliness")
        assert b"200 OK" not in plain.read_to_end()

    second = tmp_path / "second"
    second.mkdir()
    new_crt, new_key = certificate(second)
    config["server"] = {"tls_certificate": str(new_crt), "tls_key": str(new_key)}
    daemon.write_config(config)

    def reloaded():
        try:
            return over_tls(trusting(new_crt))[0].status == 200
        except OSError:
            return False

    wait_until(reloaded, 15, "the new certificate")


# --- TLS towards upstreams (promise 22)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("authority")
    crt, key = certificate(folder, name="flow-test-authority", san="DNS:authority")
    return folder, crt, key


def test_an_upstream_certificate_is_verified_before_the_key_is_sent(workshop, authority, tmp_path):
    folder, ca, ca_key = authority
    good = certificate(folder, name="localhost", authority=(ca, ca_key))
    wrong_name = certificate(folder, name="elsewhere.example", authority=(ca, ca_key))
    stranger = certificate(tmp_path, name="localhost")
    expired_folder = tmp_path / "expired"
    expired_folder.mkdir()
    expired = certificate(expired_folder, name="localhost", days="-1", authority=(ca, ca_key)) if _allows_past(expired_folder, ca, ca_key) else None
    servers = {"good": good, "wrong-name": wrong_name, "stranger": stranger}
    if expired:
        servers["expired"] = expired
    upstreams = {name: workshop.upstream(name, tls=server_tls(*pair)) for name, pair in servers.items()}
    daemon = workshop.serve(
        *[deployment(name, f"https://localhost:{made.port}/v1") for name, made in upstreams.items()],
        upstream={"ca_file": str(ca)})
    for name, made in upstreams.items():
        reply = daemon.client.chat(name)
        if name == "good":
            assert reply.text == "Hello from good.", reply
        else:
            assert reply.status >= 500, name
            assert not made.requests
            assert all(connection.bytes_in == 0 for connection in made.connections), "HTTP was sent before verification"


def _allows_past(folder, ca, ca_key):
    try:
        certificate(folder, name="localhost", days="-1", authority=(ca, ca_key))
        return True
    except subprocess.CalledProcessError:
        return False


def test_an_upstream_over_tls_is_reused(workshop, authority):
    folder, ca, ca_key = authority
    pair = certificate(folder, name="localhost", authority=(ca, ca_key))
    upstream = workshop.upstream("tls", tls=server_tls(*pair))
    daemon = workshop.serve(deployment("m", f"https://localhost:{upstream.port}/v1"), shards=1,
                            upstream={"ca_file": str(ca)})
    for stream in (False, True, False):
        assert daemon.client.chat("m", stream=stream).text == "Hello from tls."
    assert len(upstream.connections) == 1


@pytest.mark.skipif(not os.path.exists("/proc/net/if_inet6"), reason="no IPv6 here")
def test_ipv6_upstreams(workshop):
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 loopback here")
    upstream = workshop.upstream("six", host="::1")
    daemon = workshop.serve(deployment("m", upstream.base))
    assert daemon.client.chat("m").text == "Hello from six."
    assert upstream.requests[0].header("host") == f"[::1]:{upstream.port}"


def test_a_name_with_two_addresses_works_when_only_one_answers(workshop):
    upstream = workshop.upstream()
    daemon = workshop.serve(deployment("m", f"http://localhost:{upstream.port}/v1"))
    assert daemon.client.chat("m").text == "Hello from alpha."


def test_link_local_upstreams_are_refused_even_from_the_configuration(workshop):
    daemon = workshop.serve(deployment("m", "http://169.254.169.254/v1"))
    reply = daemon.client.chat("m")
    assert reply.status == 404 or reply.status >= 500
    assert reply.seconds < 1.5
    assert "link-local" in daemon.log


def test_the_binary_says_its_version():
    assert subprocess.run([binary(), "version"], capture_output=True, text=True).stdout.startswith("spillway ")

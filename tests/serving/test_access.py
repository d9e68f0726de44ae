"""Who may ask: keys, scopes, limits, rotation; without keys this machine only; TLS."""

import datetime
import ipaddress
import ssl
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tagline.serving.access import add_key, end_keys, read_keys
from tests.serving.server import eventually, serving

CONFIG = ("--config", "serving.toml")


def add(place, name, *words):
    done = place.tagline("keys", "add", name, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[0]


@pytest.fixture(scope="module")
def keyed(place):
    keys = place.folder / ".tagline" / "keys.json"
    secrets = {
        "all": add(place, "alice"),
        "predict": add(place, "bob", "--scope", "predict"),
        "outcomes": add(place, "carol", "--scope", "outcomes"),
        "admin": add(place, "root", "--scope", "admin"),
        "slow": add(place, "dave", "--per-second", "2"),
        "ended": add(place, "eve", "--until", "2020-01-01"),
    }
    with serving(place, *CONFIG, "--keys", str(keys)) as server:
        yield server, secrets, keys
    keys.unlink()


def status(server, key, path="/v1/predict", body=None, method="POST"):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return server.ask(method, path, body, **headers).status


def test_only_digests_are_kept(keyed):
    _, secrets, keys = keyed
    kept = keys.read_text()
    assert not any(secret in kept for secret in secrets.values())
    assert keys.stat().st_mode & 0o077 == 0


def test_sixty_four_keys_that_are_added_at_once_are_sixty_four_keys(tmp_path):
    file = tmp_path / "keys.json"

    def added(at):
        return add_key(file, f"p{at}", ("predict",), per_second=None, until=None)

    with ThreadPoolExecutor(64) as pool:
        secrets = list(pool.map(added, range(64)))
    assert {key.name for key in read_keys(file)} == {f"p{at}" for at in range(64)}
    assert len(set(secrets)) == 64
    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(lambda at: end_keys(file, f"p{at}"), range(32))) == 32
    assert len(read_keys(file)) == 32


def test_scopes(keyed, row):
    server, secrets, _ = keyed
    outcome = {"id": "x", "outcome": 1}
    allowed = {
        "all": {"/v1/predict", "/v1/explain", "/v1/outcomes", "/v1/model"},
        "predict": {"/v1/predict", "/v1/model"},
        "outcomes": {"/v1/outcomes"},
        "admin": {"/v1/predict", "/v1/explain", "/v1/outcomes", "/v1/model", "/metrics"},
    }
    for name, pages in allowed.items():
        for page in ("/v1/predict", "/v1/explain", "/v1/outcomes"):
            body = outcome if page == "/v1/outcomes" else row
            expected = 200 if page in pages else 403
            assert status(server, secrets[name], page, body) == expected, (name, page)
        for page in ("/v1/model", "/metrics"):
            expected = 200 if page in pages else 403
            assert status(server, secrets[name], page, method="GET") == expected, (name, page)


def test_a_key_that_is_none_or_has_ended_is_refused(keyed, row):
    server, secrets, _ = keyed
    for key in ("", "tl_wrong", secrets["ended"], secrets["all"][:-1], "é"):
        answer = server.post("/v1/predict", row, **({"X-API-Key": key} if key.isascii() else {}))
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert server.post("/v1/predict", row, **{"X-API-Key": secrets["all"]}).status == 200
    for page in ("/healthz", "/readyz", "/", "/docs"):
        assert server.get(page).status == 200


def test_who_asks_is_in_the_log(keyed, row):
    server, secrets, _ = keyed
    server.key = secrets["predict"]
    found = server.post("/v1/predict", row).json
    server.key = ""
    logged = server.predictions().set_index("prediction_id")
    assert logged.loc[found["prediction_id"], "principal"] == "bob"


def test_too_often_is_told_when_to_come_back(keyed, row):
    server, secrets, _ = keyed
    server.key = secrets["slow"]
    answers = [server.post("/v1/predict", row) for _ in range(20)]
    server.key = ""
    late = [answer for answer in answers if answer.status == 429]
    assert late
    assert int(late[0].headers["retry-after"]) >= 1
    assert status(server, secrets["all"], body=row) == 200


def test_a_key_is_exchanged_without_a_restart(keyed, place, row):
    server, _, _ = keyed
    old = add(place, "frank")
    eventually(lambda: status(server, old, body=row) == 200)
    new = add(place, "frank")
    assert place.tagline("keys", "end", "frank", "--but-newest").returncode == 0
    eventually(lambda: status(server, old, body=row) == 401)
    assert status(server, new, body=row) == 200
    assert place.tagline("keys", "end", "nobody").returncode == 1
    listed = place.tagline("keys", "list").stdout
    assert "frank" in listed
    assert new not in listed


def test_a_damaged_file_of_keys_changes_nothing(keyed, row):
    server, secrets, keys = keyed
    content = keys.read_text()
    keys.write_text("[{]")
    eventually(lambda: any("no file of keys" in line["message"] for line in server.lines()))
    assert status(server, secrets["all"], body=row) == 200
    keys.write_text(content)


def test_without_keys_it_listens_to_this_machine_only(place):
    done = place.tagline("serve", "--config", "serving.toml", "--host", "::", "--port", "0")
    assert done.returncode == 1
    assert "listens on this machine only" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--keys", "nowhere.json"), 1, "no such file"),
        (("--certificate", "serving.toml"), 1, "both of them"),
        (("--case", "nothing"), 3, "has no runs here"),
    ],
)
def test_a_wrong_word_is_a_sentence(place, words, code, said):
    done = place.tagline("serve", "--port", "0", *words)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_a_sentence(server, place):
    done = place.tagline("serve", "--config", "serving.toml", "--port", str(server.port))
    assert done.returncode == 1
    assert "can not be listened on" in done.stderr


def test_tls(place, row):
    certificate, key = self_signed(place.folder)
    words = ("--certificate", str(certificate), "--private-key", str(key))
    with serving(place, *CONFIG, *words, ready=None) as server:
        url = f"https://127.0.0.1:{server.port}"
        context = ssl.create_default_context(cafile=certificate)

        def answers():
            with urllib.request.urlopen(f"{url}/readyz", context=context) as answer:  # noqa: S310 - https
                return answer.status == 200

        assert eventually(answers)


def self_signed(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "server.crt", folder / "server.key"
    files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files

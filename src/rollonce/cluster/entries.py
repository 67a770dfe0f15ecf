"""The entries of a kubeconfig that are used, read with their types checked."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from rollonce.cluster.access import (
    Access,
    Anonymous,
    Bearer,
    ClientCertificate,
    ExecPlugin,
    File,
    Inline,
    Interactive,
    Pem,
    Token,
    TokenFile,
)
from rollonce.errors import BadKubeconfig
from rollonce.text import document

ACT = "read the kubeconfig"
EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
EXEC_EXTENSION = "client.authentication.k8s.io/exec"


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping of the file that knows where it stands, so that its errors name file and line."""

    node: document.Mapping
    file: Path
    label: str

    def bad(self, fact: str, *, line: int = 0, hint: str = "") -> BadKubeconfig:
        """An error about this entry; `line` where it is about another line than its first."""
        place = f"{self.file}, line {line or self.node.line}"
        return BadKubeconfig(f"{place}: {self.label} {fact}", act=ACT, hint=hint)

    def _get(self, name: str) -> document.Node | None:
        node = self.node.fields.get(name)
        return None if isinstance(node, document.Scalar) and node.null else node

    def text(self, name: str) -> str:
        """Empty where absent. A number or boolean is taken as it is written."""
        node = self._get(name)
        if node is None:
            return ""
        if not isinstance(node, document.Scalar):
            raise self.bad(f"has no string as its {name}", line=node.line)
        return node.text

    def flag(self, name: str) -> bool:
        """False where absent."""
        node = self._get(name)
        if node is None:
            return False
        value = node.boolean() if isinstance(node, document.Scalar) else None
        if value is None:
            raise self.bad(f"has neither true nor false as its {name}", line=node.line)
        return value

    def mapping(self, name: str) -> Entry | None:
        """None where absent."""
        node = self._get(name)
        if node is None:
            return None
        if not isinstance(node, document.Mapping):
            raise self.bad(f"has no mapping as its {name}", line=node.line)
        return Entry(node, self.file, self.label)

    def items(self, name: str) -> list[document.Node]:
        """The items of a list, empty where absent."""
        node = self._get(name)
        if node is None:
            return []
        if not isinstance(node, document.Sequence):
            raise self.bad(f"has no list as its {name}", line=node.line)
        return node.items

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty where absent."""
        found = self.items(name)
        for item in found:
            if not isinstance(item, document.Scalar):
                raise self.bad(f"has something in {name} that is no string", line=item.line)
        return tuple(item.text for item in found if isinstance(item, document.Scalar))

    def mappings(self, name: str) -> list[Entry]:
        """A list of mappings, empty where absent."""
        found = self.items(name)
        for item in found:
            if not isinstance(item, document.Mapping):
                raise self.bad(f"has something in {name} that is no mapping", line=item.line)
        return [Entry(item, self.file, self.label) for item in found if isinstance(item, document.Mapping)]

    def path(self, name: str) -> Path | None:
        """Relative paths count from the file that they stand in, not from the working directory."""
        text = self.text(name)
        return self.file.parent / text if text else None

    def pem(self, name: str) -> Pem | None:
        """`name`-data wins over `name`, which is a file."""
        if encoded := self.text(f"{name}-data"):
            try:
                return Inline(base64.b64decode(encoded, validate=False))
            except (binascii.Error, ValueError):
                raise self.bad(f"has a {name}-data that is not base64") from None
        path = self.path(name)
        return File(path) if path else None


def access(context: Entry, cluster: Entry, user: Entry | None, name: str) -> Access:
    """The access that a context stands for. `user` is None where the context names none."""
    ca = cluster.pem("certificate-authority")
    insecure = cluster.flag("insecure-skip-tls-verify")
    if insecure and ca is not None:
        raise cluster.bad("has both insecure-skip-tls-verify and a certificate authority", hint="remove one of them")
    return Access(
        server=_server(cluster),
        namespace=context.text("namespace") or "default",
        ca=ca,
        insecure=insecure,
        tls_server_name=cluster.text("tls-server-name"),
        proxy_url=cluster.text("proxy-url"),
        bearer=_bearer(user, cluster) if user else Anonymous(),
        certificate=_certificate(user) if user else None,
        impersonation=_impersonation(user) if user else (),
        context=name,
        origin=str(context.file),
    )


def _server(cluster: Entry) -> str:
    server = cluster.text("server")
    if not server:
        raise cluster.bad("has no server")
    try:
        parts = urlsplit(server)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise cluster.bad("has a server that is not of the form https://host[:port][/path]")
    if "@" in parts.netloc:
        raise cluster.bad("has a user name in the URL of its server", hint="put credentials into the user's entry")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _certificate(user: Entry) -> ClientCertificate | None:
    certificate, key = user.pem("client-certificate"), user.pem("client-key")
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "client-certificate" if certificate is None else "client-key"
        raise user.bad(f"has no {missing}, or {missing}-data, to go with its other half")
    return ClientCertificate(certificate, key)


def _bearer(user: Entry, cluster: Entry) -> Bearer:
    """Token files win over tokens, both over plugins, as with kubectl."""
    token, token_file = user.text("token"), user.path("tokenFile")
    if token_file is not None:
        return TokenFile(token_file, fallback=token)
    if token:
        return Token(token)
    if (plugin := user.mapping("exec")) is not None:
        return _plugin(plugin, cluster)
    if user.mapping("auth-provider") is not None:
        raise user.bad(
            "logs in by auth-provider, which kubectl dropped in version 1.26",
            hint="log in by an exec plugin instead, or by a token: kubectl create token",
        )
    if user.text("username") or user.text("password"):
        raise user.bad(
            "logs in by user name and password, which API servers dropped in version 1.19",
            hint="use a client certificate, a token (kubectl create token) or an exec plugin",
        )
    return Anonymous()


def _impersonation(user: Entry) -> tuple[tuple[str, str], ...]:
    headers = [("impersonate-user", name)] if (name := user.text("as")) else []
    headers += [("impersonate-uid", uid)] if (uid := user.text("as-uid")) else []
    headers += [("impersonate-group", group) for group in user.texts("as-groups")]
    if (extra := user.mapping("as-user-extra")) is not None:
        for key in extra.node.fields:
            header = f"impersonate-extra-{quote(key.lower(), safe='')}"
            headers += [(header, value) for value in extra.texts(key)]
    if headers and not name:
        raise user.bad("has as-groups, as-uid or as-user-extra without as")
    return tuple(headers)


def _plugin(plugin: Entry, cluster: Entry) -> ExecPlugin:
    command, version = plugin.text("command"), plugin.text("apiVersion")
    if not command:
        raise plugin.bad("has an exec plugin without a command")
    if version not in EXEC_VERSIONS:
        raise plugin.bad(
            f"has an exec plugin of apiVersion {version!r}; known are {' and '.join(EXEC_VERSIONS)}",
            hint="let the plugin's vendor tool write the entry anew",
        )
    if "/" in command and not Path(command).is_absolute():
        command = str(plugin.file.parent / command)
    try:
        interactive = Interactive(plugin.text("interactiveMode") or "IfAvailable")
    except ValueError:
        raise plugin.bad("has an interactiveMode that is not Never, IfAvailable or Always") from None
    return ExecPlugin(
        command=command,
        api_version=version,
        args=plugin.texts("args"),
        env=tuple((item.text("name"), item.text("value")) for item in plugin.mappings("env")),
        interactive=interactive,
        install_hint=plugin.text("installHint"),
        cluster_info=_cluster_info(cluster) if plugin.flag("provideClusterInfo") else b"",
    )


def _cluster_info(cluster: Entry) -> bytes:
    """spec.cluster of KUBERNETES_EXEC_INFO; the CA always goes as data, for the plugin may run elsewhere."""
    import msgspec

    info: dict[str, object] = {"server": cluster.text("server")}
    for name in ("tls-server-name", "proxy-url"):
        if text := cluster.text(name):
            info[name] = text
    if cluster.flag("insecure-skip-tls-verify"):
        info["insecure-skip-tls-verify"] = True
    match cluster.pem("certificate-authority"):
        case Inline(data):
            info["certificate-authority-data"] = base64.b64encode(data).decode()
        case File(path):
            try:
                info["certificate-authority-data"] = base64.b64encode(Path(path).read_bytes()).decode()
            except OSError as error:
                raise cluster.bad(f"names {path}, which cannot be read: {error.strerror}") from None
        case None:
            pass
    for extension in cluster.mappings("extensions"):
        if extension.text("name") == EXEC_EXTENSION and "extension" in extension.node.fields:
            try:
                info["config"] = document.plain(extension.node.fields["extension"])
            except document.Malformed as error:
                raise cluster.bad(error.reason, line=error.line) from None
    return msgspec.json.encode(info)

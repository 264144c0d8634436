# SPDX-License-Identifier: Apache-2.0
"""IRC servers from Debian, unpacked beside the build: ngircd, which has nearly nothing, and InspIRCd with atheme's services, which
have accounts. On free ports, in a folder of their own.

    with irc_servers.Ngircd() as server:
        ada = irc_user.User(server.port, "ada")
"""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import harness
import irc_user
from etcd import free_ports

sys.path.append(str(harness.ROOT / "test"))

import peers  # noqa: E402

SERVICES = f"usr/lib/{peers.TRIPLET}/atheme/modules"


def environment(programs, *packages):
    """To run them with. Downloaded by --all only; what is there already is used always."""
    try:
        env = peers.ready(*packages) if "MICROHOST_ALL" in os.environ else peers.environment()
    except peers.Missing as problem:
        raise unittest.SkipTest(str(problem)) from None
    for program in programs:
        if not shutil.which(program, path=env["PATH"]):
            raise unittest.SkipTest(f"needs {program}: test/peers.py {' '.join(packages)} unpacks it, and --all does so")
    return env


def certificate(folder, name, *names):
    """NAME.pem and NAME.key, self-signed."""
    subject = ",".join(names or ["DNS:localhost", "IP:127.0.0.1"])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", f"/CN={name}", "-addext", f"subjectAltName={subject}", "-keyout", f"{name}.key", "-out", f"{name}.pem"],
                   cwd=folder, check=True, capture_output=True)
    return folder / f"{name}.pem", folder / f"{name}.key"


class Server:
    """Programs in a folder, started and ended by pid."""

    def __init__(self):
        self.folder, self.running = Path(tempfile.mkdtemp(prefix="microhost-irc-")), []
        try:
            self.prepare()
            self.start()
        except BaseException:
            self.close()
            raise

    def run(self, name, *command):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.running.append(subprocess.Popen(command, env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, number=signal.SIGKILL):
        for process in self.running:
            process.send_signal(number)
            process.wait()
        self.running = []

    def restart(self):
        self.stop()
        self.start()

    def close(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def wait_for_port(port):
    def there():
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True

    harness.wait_for(there, 10, f"somebody at port {port}")


class Ngircd(Server):
    """No accounts, no tags, nicks of nine letters. `password`: what it wants of everybody."""

    def __init__(self, password="", penalty=0):
        self.password, self.penalty = password, penalty
        super().__init__()

    def prepare(self):
        self.env = environment(["ngircd"], "ngircd")
        (self.port,) = free_ports(1)
        (self.folder / "ngircd.conf").write_text(f"""
[Global]
Name = irc.test
Listen = 127.0.0.1
Ports = {self.port}
Password = {self.password}
[Limits]
MaxPenaltyTime = {self.penalty}
MaxConnectionsIP = 0
[Options]
PAM = no
Ident = no
DNS = no
""")

    def start(self):
        self.run("ngircd", "ngircd", "-n", "-f", str(self.folder / "ngircd.conf"))
        wait_for_port(self.port)


class InspIRCd(Server):
    """With TLS at `tls_port`, and services that know accounts."""

    def prepare(self):
        if not shutil.which("openssl"):
            raise unittest.SkipTest("needs openssl")
        self.env = environment(["inspircd", "atheme-services"], "inspircd", "atheme-services")
        self.port, self.tls_port, self.link_port = free_ports(3)
        self.ca, self.key = certificate(self.folder, "server")
        (self.folder / "inspircd.conf").write_text(self.inspircd_conf())
        (self.folder / "atheme.conf").write_text(self.atheme_conf())

    def inspircd_conf(self):
        modules = "\n".join(f'<module name="{m}">' for m in (
            "spanningtree", "cap", "sasl", "services_account", "ssl_gnutls", "sslinfo", "botmode", "ircv3", "ircv3_accounttag",
            "ircv3_servertime", "ircv3_ctctags", "ircv3_capnotify", "ircv3_echomessage"))
        folder = self.folder
        return f"""<config format="xml">
<path moduledir="{peers.TREE}/usr/lib/inspircd/modules" configdir="{folder}" datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<server name="irc.test" description="test" network="TestNet" id="1AA">
<admin name="a" nick="a" email="a@irc.test">
<sslprofile name="tls" provider="gnutls" certfile="{self.ca}" keyfile="{self.key}" hash="sha256">
<bind address="127.0.0.1" port="{self.port}" type="clients">
<bind address="127.0.0.1" port="{self.tls_port}" type="clients" sslprofile="tls">
<bind address="127.0.0.1" port="{self.link_port}" type="servers">
{modules}
<link name="services.test.local" ipaddr="127.0.0.1" port="{self.link_port}" allowmask="127.0.0.1/32" sendpass="linkword" recvpass="linkword">
<uline server="services.test.local" silent="yes">
<sasl target="services.test.local" requiressl="no">
<connect allow="*" timeout="60" pingfreq="120" threshold="100" commandrate="100000" fakelag="no" localmax="100" globalmax="100"
 resolvehostnames="no" hardsendq="1M" softsendq="8K" recvq="8K">
<performance nouserdns="yes">
<log method="file" type="*" level="default" target="messages.log">
"""

    def atheme_conf(self):
        load = "\n".join(f'loadmodule "{peers.TREE}/{SERVICES}/{m}";' for m in (
            "transport/rfc1459", "protocol/base36uid", "protocol/inspircd", "backend/corestorage", "backend/opensex", "crypto/pbkdf2v2", "nickserv/main", "nickserv/register", "nickserv/identify",
            "nickserv/cert", "saslserv/main", "saslserv/plain", "saslserv/external"))
        return f"""{load}
crypto {{ pbkdf2v2_digest = "SHA2-256"; pbkdf2v2_rounds = 10000; }};
serverinfo {{ name = "services.test.local"; desc = "services"; numeric = "00A"; recontime = 1; netname = "TestNet";
  hidehostsuffix = "users.test"; adminname = "a"; adminemail = "a@irc.test"; registeremail = "a@irc.test";
  loglevel = {{ all; }}; maxlogins = 5; maxusers = 0; mdlimit = 30; emaillimit = 10; emailtime = 300; auth = none; casemapping = rfc1459; }};
uplink "irc.test" {{ host = "127.0.0.1"; port = {self.link_port}; send_password = "linkword"; receive_password = "linkword"; }};
nickserv {{ nick = "NickServ"; user = "NickServ"; host = "services.test"; real = "nicks"; }};
saslserv {{ nick = "SaslServ"; user = "SaslServ"; host = "services.test"; real = "sasl"; }};
logfile "{self.folder}/atheme-all.log" {{ all; }};
general {{ helpchan = "#help"; commit_interval = 5; default_clone_limit = 100; uflags = {{ hidemail; }}; cflags = {{ }}; }};
"""

    def start(self):
        self.run("inspircd", "inspircd", "--nofork", "--runasroot", "--config", str(self.folder / "inspircd.conf"))
        wait_for_port(self.port)
        self.start_services()

    def register(self, account, password):
        with irc_user.User(self.port, account) as user:
            user.say("NickServ", f"REGISTER {password} {account}@irc.test")
            user.wait("NOTICE.*is now registered")

    def stop_services(self):
        """They write what they know before they go."""
        process = self.running.pop()
        process.terminate()
        process.wait()
        self.look_for_services(False)

    def start_services(self):
        self.run("atheme", "atheme-services", "-n",
                 "-c", str(self.folder / "atheme.conf"), "-D", str(self.folder), "-p", str(self.folder / "atheme.pid"),
                 "-l", str(self.folder / "atheme-run.log"))
        self.look_for_services(True)

    def look_for_services(self, there):
        with irc_user.User(self.port, "waiting") as user:
            harness.wait_for(lambda: user.knows("SaslServ") == there, 20, "the services")

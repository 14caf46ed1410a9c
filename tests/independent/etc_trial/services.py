"""The services of the trial: what each needs installed, how it is set up, started and spoken to.

All listen in one network, so some leave their usual port to another. What cannot run without systemd, hardware or a
network is not among them. The order is the order of starting.
"""
import dataclasses
import socket
import subprocess
import urllib.error
import urllib.request


@dataclasses.dataclass(frozen=True)
class Service:
    name: str
    packages: str
    program: str  # the file name of the program that its main process runs
    start: str = ""  # a shell line; else its init script
    setup: str = ""  # a shell line, once, before /etc is taken for good
    talk: object = None  # called with the root; true where it answers as it should
    arguments: str = ""  # a part of its command line, where several run the same program


def said(port, question, answer, host="127.0.0.1"):
    """Whether a server on that port answers a question (or, without one, greets) with these words."""
    def ask(_root):
        with socket.create_connection((host, port), 10) as line:
            line.settimeout(10)
            if question:
                line.sendall(question)
            heard = b""
            while answer not in heard:
                more = line.recv(4096)
                if not more:
                    return False
                heard += more
            return True
    return ask


def answers_http(port, path="/"):
    """Whether it answers a GET with any status: what counts is that it speaks."""
    def ask(_root):
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                f"http://127.0.0.1:{port}{path}", timeout=10).read()
        except urllib.error.HTTPError:
            pass
        return True
    return ask


def resolves(port):
    """Whether a name server answers: `localhost`, or that it refuses to."""
    def ask(_root):
        question = bytes.fromhex("4242 0100 0001 0000 0000 0000 09") + b"localhost" + bytes.fromhex("00 0001 0001")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.settimeout(10)
            line.sendto(question, ("127.0.0.1", port))
            return line.recv(4096)[:2] == b"\x42\x42"
    return ask


def runs(*command):
    """Whether a client in that system ends well."""
    return lambda root: subprocess.run(["chroot", root, "timeout", "--kill-after=1", "15", *command], timeout=20,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL).returncode == 0


SERVICES = [
    Service("dbus", "dbus", "dbus-daemon"),
    Service("rsyslog", "rsyslog", "rsyslogd", start="/usr/sbin/rsyslogd", setup="sed -i '/imklog/d' /etc/rsyslog.conf"),
    Service("cron", "cron", "cron"),
    Service("ssh", "openssh-server", "sshd", talk=said(22, b"", b"SSH-2.0")),
    Service("nginx", "nginx", "nginx", talk=answers_http(80)),
    Service("apache2", "apache2", "apache2", talk=answers_http(8081),
            setup="sed -i 's/Listen 80/Listen 8081/' /etc/apache2/ports.conf"),
    Service("lighttpd", "lighttpd", "lighttpd", talk=answers_http(8082),
            setup="sed -i 's/^server.port .*/server.port = 8082/' /etc/lighttpd/lighttpd.conf"),
    Service("redis", "redis-server", "redis-check-rdb", start="/etc/init.d/redis-server start",
            talk=said(6379, b"PING\r\n", b"+PONG")),
    Service("memcached", "memcached", "memcached", talk=said(11211, b"version\r\n", b"VERSION")),
    Service("postgresql", "postgresql", "postgres", arguments="-D",
            talk=runs("runuser", "-u", "postgres", "--", "psql", "-c", "SELECT 1")),
    Service("mariadb", "mariadb-server", "mariadbd", talk=said(3306, b"", b"MariaDB")),
    Service("bind9", "bind9", "named", start="/etc/init.d/named start", talk=resolves(53)),
    Service("dnsmasq", "dnsmasq", "dnsmasq", talk=resolves(5453),
            setup="printf 'port=5453\\nbind-interfaces\\nlisten-address=127.0.0.1\\n' > /etc/dnsmasq.d/trial"),
    Service("unbound", "unbound", "unbound", talk=resolves(5553),
            setup="printf 'server:\\n  port: 5553\\n  interface: 127.0.0.1\\n' > "
                  "/etc/unbound/unbound.conf.d/trial.conf"),
    Service("haproxy", "haproxy", "haproxy", talk=answers_http(8083),
            setup="printf 'frontend trial\\n  bind 127.0.0.1:8083\\n  http-request deny\\n' >> "
                  "/etc/haproxy/haproxy.cfg"),
    Service("vsftpd", "vsftpd", "vsftpd", talk=said(21, b"", b"220")),
    Service("postfix", "postfix", "master", talk=said(25, b"", b"220")),
    Service("dovecot", "dovecot-core dovecot-imapd", "dovecot", talk=said(143, b"", b"* OK")),
    Service("squid", "squid", "squid", talk=answers_http(3128)),
    Service("rsync", "rsync", "rsync", talk=said(873, b"", b"@RSYNCD"), start="/usr/bin/rsync --daemon",
            setup="printf '[trial]\\n  path = /srv\\n' > /etc/rsyncd.conf"),
    Service("chrony", "chrony", "chronyd", start="/usr/sbin/chronyd -x"),
    Service("monit", "monit", "monit", talk=answers_http(2812),
            setup="printf 'set httpd port 2812\\n  allow localhost\\n' > /etc/monit/conf.d/trial"),
    Service("supervisor", "supervisor", "python3.11", arguments="supervisord"),
    Service("tinyproxy", "tinyproxy", "tinyproxy", talk=answers_http(8888)),
    Service("mosquitto", "mosquitto", "mosquitto",
            start="install -d -o mosquitto /run/mosquitto && mosquitto -d -c /etc/mosquitto/mosquitto.conf",
            talk=said(1883, bytes.fromhex("100d00044d5154540402003c0001") + b"t", b"\x20\x02")),
    Service("node-exporter", "prometheus-node-exporter", "prometheus-node-exporter",
            talk=answers_http(9100, "/metrics"), start="/etc/init.d/prometheus-node-exporter start"),
    Service("snmpd", "snmpd", "snmpd"),
    Service("smbd", "samba", "smbd", talk=said(445, bytes.fromhex("0000002f ff534d42 72000000 0018 0128"
            "00000000000000000000000000000000 0000 0000 00 0c00 02 4e54204c4d20302e313200"), b"SMB")),
    Service("nmbd", "samba", "nmbd"),
    Service("avahi", "avahi-daemon", "avahi-daemon",
            start="/usr/sbin/avahi-daemon --daemonize --no-drop-root --no-chroot"),
    Service("atd", "at", "atd"),
    Service("stunnel", "stunnel4 openssl", "stunnel4",
            start="/usr/bin/stunnel4 /etc/stunnel/trial.conf",
            setup="openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=trial -keyout /etc/stunnel/trial.pem "
                  "-out /etc/stunnel/trial.crt && chmod 600 /etc/stunnel/trial.pem && "
                  "printf 'cert = /etc/stunnel/trial.crt\\nkey = /etc/stunnel/trial.pem\\n"
                  "pid = /run/stunnel-trial.pid\\n[trial]\\naccept = 127.0.0.1:8443\\nconnect = 127.0.0.1:80\\n' "
                  "> /etc/stunnel/trial.conf"),
    Service("inetd", "openbsd-inetd", "inetd", start="/usr/sbin/inetd", talk=said(9999, b"hello\n", b"hello"),
            setup="echo '9999 stream tcp nowait nobody /bin/cat cat' >> /etc/inetd.conf"),
    Service("tor", "tor", "tor"),
    Service("cups", "cups-daemon cups-client", "cupsd", talk=answers_http(631)),
    Service("rpcbind", "rpcbind", "rpcbind"),
    Service("nscd", "nscd", "nscd"),
    Service("slapd", "slapd", "slapd"),
    Service("freeradius", "freeradius", "freeradius"),
    Service("privoxy", "privoxy", "privoxy", talk=answers_http(8118)),
    Service("pgbouncer", "pgbouncer", "pgbouncer"),
    Service("php-fpm", "php-fpm", "php-fpm8.2", start="/etc/init.d/php8.2-fpm start"),
    Service("beanstalkd", "beanstalkd", "beanstalkd", talk=said(11300, b"stats\r\n", b"OK ")),
    Service("tftpd", "tftpd-hpa", "in.tftpd", start="/etc/init.d/tftpd-hpa start"),
    Service("nrpe", "nagios-nrpe-server", "nrpe", start="/etc/init.d/nagios-nrpe-server start"),
    Service("ngircd", "ngircd", "ngircd", talk=said(6667, b"PING x\r\n", b":irc")),
    Service("fail2ban", "fail2ban", "python3.11", arguments="fail2ban-server",
            setup="touch /var/log/auth.log; printf '[DEFAULT]\\nbackend = polling\\n' > "
                  "/etc/fail2ban/jail.d/trial.local"),
]

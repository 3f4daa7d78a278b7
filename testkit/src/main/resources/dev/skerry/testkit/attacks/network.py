"""C2: argv = TCP port of the host's loopback, name of its abstract socket, addresses of the host."""
import socket
from lib import *

port, abstract, addresses = int(sys.argv[1]), sys.argv[2], sys.argv[3:]


def connect(address, family=socket.AF_INET):
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(address)
        return "connected"


for address in ["127.0.0.1", "10.0.0.1", "172.17.0.1", "192.168.0.1", "169.254.169.254"] + addresses:
    refused("tcp " + address, lambda: connect((address, port)))
refused("metadata", lambda: connect(("169.254.169.254", 80)))
refused("tcp ::1", lambda: connect(("::1", port), socket.AF_INET6))
refused("abstract socket", lambda: connect("\0" + abstract, socket.AF_UNIX))
refused("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
refused("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3))
refused("vsock", lambda: socket.socket(40, socket.SOCK_STREAM))
refused("alg", lambda: socket.socket(38, socket.SOCK_SEQPACKET))


def udp():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        out.sendto(b"x", ("8.8.8.8", 53))
        return "sent"


refused("udp", udp)
names = [line.split(":")[0].strip() for line in open("/proc/net/dev") if ":" in line]
(held if names == ["lo"] else lambda n: broken(n, names))("interfaces")
done()

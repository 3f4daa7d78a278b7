"""C5: fills the buffers of as many connections as it can have, then holds them until stdin ends."""
import socket
import sys
from lib import *

WHOLE = 64 << 20
PIECE = b"x" * (1 << 20)
kept = []

server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WHOLE)
server.bind(("127.0.0.1", 0))
server.listen(16)
server.settimeout(5)
try:
    for _ in range(600):
        client = socket.socket()
        kept.append(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WHOLE)
        client.settimeout(5)
        client.connect(server.getsockname())
        kept.append(server.accept()[0])
        client.setblocking(False)
        try:
            while True:
                client.send(PIECE)
        except BlockingIOError:
            pass
except OSError as error:
    print("stopped by", error)
try:
    sender = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, WHOLE)
    queued = 0
    while queued < 512 << 20 and len(kept) < 4000:
        receiver = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_USERSOCK)
        kept.append(receiver)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WHOLE)
        receiver.bind((0, 0))
        try:
            while True:
                queued += sender.sendto(PIECE[:16384], socket.MSG_DONTWAIT, receiver.getsockname())
        except BlockingIOError:
            pass
except OSError as error:
    print("stopped by", error)
print("done", flush=True)
sys.stdin.read()

"""Show a folder at another place, as a file system of any FUSE kind; no program is needed.

``fuse.py KIND PLACE FOLDER PROGRAM…``: this process becomes PROGRAM, a child of it serves the
folder, read-only. What changes in the folder gives no event at the place, as when another
machine changes what it shares.

Source:
    include/uapi/linux/fuse.h, protocol 7.31.
"""

import ctypes
import errno
import os
import signal
import struct
import sys
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
QUESTION = struct.Struct("=IIQQIIIHH")
UNANSWERED = {2, 36, 42}  # forget, interrupt, forget many


class Share:
    """What is answered, by the kernel's numbers; a node is a file, by its inode."""

    def __init__(self, folder):
        self.paths = {1: folder}
        self.answers = {
            1: self.look_up,
            3: lambda node, _: bytes(16) + self.attributes(self.paths[node]),
            14: lambda *_: bytes(16),  # open
            15: self.read,
            18: lambda *_: b"",  # close
            26: lambda *_: struct.pack(
                "=IIIIHHIIHHI28x", 7, 31, 1 << 16, 0, 8, 6, 1 << 16, 1, 1, 0, 0
            ),
            27: lambda *_: bytes(16),  # open a folder
            28: self.names,
            29: lambda *_: b"",  # close a folder
        }

    def serve(self, server):
        """Answer until nobody asks any more."""
        while True:
            question = os.read(server, 1 << 20)
            _, number, which, node, *_ = QUESTION.unpack_from(question)
            if number in UNANSWERED:
                continue
            error, answer = 0, b""
            try:
                answer = self.answers[number](node, question[QUESTION.size :])
            except KeyError:
                error = errno.ENOSYS
            except OSError as refused:
                error = refused.errno
            os.write(server, struct.pack("=IiQ", 16 + len(answer), -error, which) + answer)

    def look_up(self, node, name):
        path = self.paths[node] / os.fsdecode(name.rstrip(b"\0"))
        inode = path.lstat().st_ino
        self.paths[inode] = path
        return struct.pack("=Q32x", inode) + self.attributes(path)

    def attributes(self, path):
        found = path.lstat()
        times = (found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns)
        seconds, rest = zip(*(divmod(time, 10**9) for time in times), strict=True)
        sizes = (found.st_ino, found.st_size, found.st_blocks)
        return struct.pack("=6Q10I", *sizes, *seconds, *rest, found.st_mode, 1, 0, 0, 0, 4096, 0)

    def read(self, node, question):
        _, offset, size = struct.unpack_from("=QQI", question)
        with self.paths[node].open("rb") as file:
            return os.pread(file.fileno(), size, offset)

    def names(self, node, question):
        _, offset, size = struct.unpack_from("=QQI", question)
        answer = b""
        for number, path in enumerate(sorted(self.paths[node].iterdir())):
            name, found = os.fsencode(path.name), path.lstat()
            head = struct.pack("=QQII", found.st_ino, number + 1, len(name), found.st_mode >> 12)
            line = head + name + bytes(-len(name) % 8)
            if number >= offset and len(answer + line) <= size:
                answer += line
        return answer


def mount(kind, place):
    """Return the descriptor by which the kernel asks."""
    server = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
    if LIBC.mount(b"share", os.fsencode(place), kind.encode(), 0, options):
        sys.exit(os.strerror(ctypes.get_errno()))
    return server


if __name__ == "__main__":
    kind, place, folder, *program = sys.argv[1:]
    server = mount(kind, place)
    if os.fork():
        os.close(server)
        os.execvp(program[0], program)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    os.closerange(0, 3)
    Share(Path(folder)).serve(server)

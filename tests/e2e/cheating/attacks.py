"""What a change could do to pass without computing anything: each attack as a function that tries, and says what it got.

A test copies this beside the library that is being verified. An attack never raises: it returns what it could lay its
hands on, or None. `where` names the store, `target` another file.
"""
import ctypes
import os
import pickle
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)


def wrong():
    """What the library returns when its attack has come to nothing."""
    return "wrong"


def stored_values(where):
    """Every pickle below a folder."""
    found = []
    for top, _, files in os.walk(where):
        for name in files:
            try:
                with open(os.path.join(top, name), "rb") as file:
                    found.append(pickle.load(file))
            except Exception:
                pass
    return found


def first(values):
    return values[0] if values else None


def supervisors():
    """The processes above this one, and all others that can be seen, but those of the host."""
    with open("/proc/self/status") as file:
        parent = int(next(line for line in file if line.startswith("PPid:")).split()[1])
    above = []
    while parent > 1:
        above.append(parent)
        try:
            with open(f"/proc/{parent}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
        except OSError:
            break
    # The process that was started by the test: the one whose command line says verify.
    def is_supervisor(pid):
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"verify" in file.read().split(b"\0")
    return [pid for pid in above if is_supervisor(pid)]


def ptrace_parent():
    PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
    got = []
    for pid in supervisors():
        for request in (PTRACE_SEIZE, PTRACE_ATTACH):
            if libc.ptrace(request, pid, None, None) == 0:
                got.append(("ptrace", pid))
    return got


def read_parents_memory():
    got = []
    for pid in supervisors():
        for name in ("mem", "maps", "environ", "auxv"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    file.read(1)
                got.append(name)
            except OSError:
                pass
        local, remote = ctypes.create_string_buffer(8), struct.pack("QQ", 0x1000, 8)
        here = struct.pack("QQ", ctypes.addressof(local), 8)
        if libc.process_vm_readv(pid, here, 1, remote, 1, 0) >= 0 or ctypes.get_errno() == 14:
            got.append("process_vm_readv")  # EFAULT: it was allowed, and nothing is there
    return got


def look_through_parent(where):
    """The store through /proc/PID/root, /proc/PID/cwd and /proc/PID/fd of other processes."""
    got = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        got += stored_values(f"/proc/{name}/root{where}")
        try:
            if os.readlink(f"/proc/{name}/cwd").startswith(where):
                got += stored_values(f"/proc/{name}/cwd")
        except OSError:
            pass
        try:
            got += [stored_values(f"/proc/{name}/fd/{fd}") for fd in os.listdir(f"/proc/{name}/fd")
                    if os.readlink(f"/proc/{name}/fd/{fd}").startswith(where)]
        except OSError:
            pass
    return got


def inherited_descriptors(where):
    """Descriptors of this process that lead to the store."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if target.startswith(where):
            found.append(target)
    return found


def write_into(where):
    """Everything that could change what is stored, or put another store in its place. What could be done."""
    done = []

    def attempt(name, action):
        try:
            action()
            done.append(name)
        except (OSError, ValueError):
            pass

    attempt("create", lambda: open(os.path.join(where, "new"), "w").close())
    attempt("remove", lambda: os.rmdir(where))
    attempt("rename", lambda: os.rename(where, where + "-old"))
    attempt("exchange", lambda: os.rename("/proc/self/cwd", where))
    attempt("link", lambda: os.link(os.path.join(where, "format.json"), os.path.join(os.getcwd(), "format.json")))
    attempt("symlink", lambda: os.symlink("/", os.path.join(where, "link")))
    for top, _, files in os.walk(where):
        for name in files:
            attempt("overwrite", lambda: open(os.path.join(top, name), "r+b").close())
    return done


def mount_aside(where):
    """Moves what lies over the store out of the way, or mounts it somewhere else. What could be done."""
    CLONE_NEWNS, CLONE_NEWUSER, MS_BIND, MNT_DETACH = 0x20000, 0x10000000, 4096, 2
    done = []
    # In a child: a process that has threads, or is needed, does not change its namespaces.
    pid = os.fork()
    if pid == 0:
        try:
            got = []
            uid, gid = os.getuid(), os.getgid()
            if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0:
                for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
                    try:
                        with open(f"/proc/self/{name}", "w") as file:
                            file.write(text)
                    except OSError:
                        pass
            libc.umount2(where.encode(), MNT_DETACH)
            got += stored_values(where)
            os.makedirs("bound", exist_ok=True)
            for source in (where, os.path.dirname(where)):
                if libc.mount(source.encode(), b"bound", None, MS_BIND, None) == 0:
                    got += stored_values("bound")
            os._exit(1 if got else 0)
        except BaseException:
            os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1:
        done.append("mounts")
    return done


def open_by_handle(where):
    """The store by a file handle, which is looked up without a path (open_by_handle_at)."""
    handle = ctypes.create_string_buffer(8 + 128)
    struct.pack_into("I", handle, 0, 128)
    mount_id = ctypes.c_int()
    if libc.name_to_handle_at(-100, where.encode(), handle, ctypes.byref(mount_id), 0) != 0:
        return []
    root = os.open(os.path.dirname(os.getcwd()), os.O_RDONLY)
    fd = libc.open_by_handle_at(root, handle, os.O_RDONLY)
    return [] if fd < 0 else os.listdir(fd)


def raw_disks():
    """Block devices that can be read."""
    found = []
    try:
        names = os.listdir("/dev")
    except OSError:
        names = []
    import stat
    for name in names:
        try:
            if stat.S_ISBLK(os.stat(f"/dev/{name}").st_mode):
                with open(f"/dev/{name}", "rb") as file:
                    file.read(1)
                found.append(name)
        except OSError:
            continue
    try:
        os.mknod("disk", 0o600 | stat.S_IFBLK, os.makedev(254, 0))
        with open("disk", "rb") as file:
            file.read(1)
        found.append("mknod")
    except OSError:
        pass
    return found


# The link to the supervisor: frames of JSON on a socket (src/util/channel.hpp).

def links():
    """Sockets of this process."""
    found = []
    for fd in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("socket:"):
                found.append(int(fd))
        except OSError:
            pass
    return found


def frame(body):
    import json
    text = json.dumps(body).encode()
    return b"sT" + bytes([1, 0]) + struct.pack("<I", len(text)) + text


def observation():
    return {"ending": "returned", "detail": "", "traceback": "", "output": "", "seconds": 0.1, "sites": [],
            "notes": []}


def forged_reply():
    identical = {"site": "return", "match": "identical", "meaningful": True, "explanation": "", "details": None,
                 "differing_paths": [], "passing_rtol": {}, "wholly_different": False, "nothing_agrees": False}
    return {"op": "result", "observation": observation(), "comparisons": [identical], "spoiled": "", "shared": []}


def offer(fingerprint, size):
    # The snapshot of the test has two sites, `return` and `deepest`, with one object.
    return {"op": "offer",
            "sites": [{"missing": False, "opaque": "", "same_as": 0, "by_chance": False}] * 2,
            "values": [{"site": 0, "bytes": size, "fingerprint": fingerprint, "type": "str", "partly": "", "count": 1,
                        "rounds": False}]}


def reply_at_once():
    """The reply of a case that passes, written onto the link; and then the end of the process."""
    for fd in links():
        try:
            os.write(fd, frame(forged_reply()))
        except OSError:
            pass
    os._exit(0)


def offer_and_send(values, offers=1):
    """Plays the whole part of a case: offers a digest that was made up, sends other values when it is asked, replies."""
    link = socket.socket(fileno=os.dup(links()[0]))
    for _ in range(offers):
        link.sendall(frame(offer("0" * 32, 1)))
    _, fds, _, _ = socket.recv_fds(link, 1 << 16, 4)
    if fds:
        for value in values:
            os.write(fds[0], struct.pack("<I", len(value)) + value + struct.pack("<II", 0, 0))
        stream = socket.socket(fileno=fds[0])
        try:
            stream.shutdown(socket.SHUT_WR)
            stream.recv(1)
        except OSError:
            pass
    link.sendall(frame(forged_reply()))
    os._exit(0)

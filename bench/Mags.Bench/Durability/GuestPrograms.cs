namespace Mags.Bench.Durability;

/// <summary>What runs in the sandboxes of a durability round.</summary>
internal static class GuestPrograms
{
    /// <summary>
    /// What both have: the content of each step follows from its number. A step adds a line to the journal, replaces one of
    /// four files, makes one and deletes an older one.
    /// </summary>
    private const string Common =
        """
        import hashlib, os, random, time
        name = os.environ["NAME"]
        def line(n):
            return b"%d %s\n" % (n, hashlib.sha256(b"%s:%d" % (name.encode(), n)).hexdigest().encode())
        def content(n):
            chance = random.Random("%s:%d" % (name, n))
            return line(n) + chance.randbytes(chance.choice((100, 5000, 70000)))
        def read(path):
            try:
                with open(path, "rb") as file:
                    return file.read()
            except FileNotFoundError:
                return None
        def journal():
            last = 0
            for found in (read("/root/journal") or b"").splitlines(True):
                if found != line(last + 1):
                    break
                last += 1
            return last
        KEPT = 8

        """;

    /// <summary>Steps without end. A step's number is printed once all of it is flushed.</summary>
    public const string Write =
        "exec python3 - <<'EOF'\n" + Common +
        """
        def flush(path):
            opened = os.open(path, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)
        def put(path, data, isFlushed):
            with open(path, "wb") as file:
                file.write(data)
                file.flush()
                if isFlushed:
                    os.fsync(file.fileno())
        def step(n):
            each = n % 5 != 0
            put("/root/state/new", content(n), each)
            os.replace("/root/state/new", "/root/state/%d" % (n % 4))
            put("/root/files/%d" % n, content(n), each)
            if os.path.exists("/root/files/%d" % (n - KEPT)):
                os.remove("/root/files/%d" % (n - KEPT))
            if each:
                flush("/root/state")
                flush("/root/files")
            else:
                os.sync()
            print(n, flush=True)
        for folder in ("/root/state", "/root/files"):
            os.makedirs(folder, exist_ok=True)
        flush("/root")
        n = journal()
        with open("/root/journal", "ab") as file:
            file.truncate(sum(len(line(i)) for i in range(1, n + 1)))
            os.fsync(file.fileno())
            # It may have been cut off.
            if n > 0:
                step(n)
            while True:
                n += 1
                file.write(line(n))
                file.flush()
                os.fsync(file.fileno())
                step(n)
                # Three that take all of the processor would measure nothing but that.
                time.sleep(0.05)
        EOF
        """;

    /// <summary>
    /// Prints what is not as it was acknowledged, each in a line that begins with <c>lost</c>; <c>unclean</c> and what
    /// is wrong with the file system; and <c>end</c> once all was looked at.
    /// </summary>
    public const string Check =
        "python3 - <<'EOF' || exit 1\n" + Common +
        """
        acknowledged, last = int(os.environ["ACKNOWLEDGED"]), journal()
        if last < acknowledged:
            print("lost: the journal ends at", last, "and not at", acknowledged)
        for place in range(4):
            oldest = acknowledged - (acknowledged - place) % 4
            found = read("/root/state/%d" % place)
            if oldest > 0 and not any(found == content(n) for n in range(oldest, last + 1, 4)):
                print("lost: state", place, "is", (found or b"none")[:6], "and not of", oldest, "to", last)
        for n in range(max(1, last - KEPT + 1), acknowledged + 1):
            if read("/root/files/%d" % n) != content(n):
                print("lost: file", n, "is not as it was written")
        for file in os.listdir("/root/files") if os.path.isdir("/root/files") else []:
            if int(file) <= acknowledged - KEPT:
                print("lost: the deletion of file", file)
        EOF
        rm -f /tmp/disk
        mknod /tmp/disk b $(awk '$4 == "vdb" { print $1, $2 }' /proc/partitions)
        # It is mounted: what is under way looks like a fault for a moment.
        for try in 1 2 3; do
            sync
            e2fsck -fn /tmp/disk >/tmp/found 2>&1 && break
            [ $try -lt 3 ] || sed 's/^/unclean: /' /tmp/found
            sleep 0.2
        done
        dmesg | grep -E 'EXT4-fs (error|warning)|I/O error' | sed 's/^/unclean: /'
        echo end
        """;
}

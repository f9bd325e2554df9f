import Glibc

/// The system user that PostgreSQL runs as: ourselves, or, because it refuses root, `postgres`.
struct ClusterUser: Sendable, Hashable {
    let name: String
    let id: uid_t
    let group: gid_t
    /// All groups, the primary one included.
    let groups: Set<gid_t>
    /// True when programs must change to this user.
    let isForeign: Bool

    /// The user for this process.
    ///
    /// Throws `PrivateClusterError` (`noUnprivilegedUser`) for root without a user `postgres`.
    static func forThisProcess() throws(PrivateClusterError) -> ClusterUser {
        guard geteuid() == 0 else {
            var list = [gid_t](repeating: 0, count: 1024)
            let count = getgroups(Int32(list.count), &list)
            let groups = Set(list.prefix(Int(max(count, 0)))).union([getegid()])
            return ClusterUser(name: "", id: geteuid(), group: getegid(), groups: groups, isForeign: false)
        }
        return try named("postgres")
    }

    static func named(_ name: String) throws(PrivateClusterError) -> ClusterUser {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else {
            throw PrivateClusterError(
                .noUnprivilegedUser,
                "PostgreSQL refuses to run as root, and there is no user \"\(name)\" to run it as.",
                advice: "Run as an ordinary user, or create it: \(PostgresBinaries.aptCommand)")
        }
        var groups = [gid_t](repeating: 0, count: 1024)
        var count = Int32(groups.count)
        if getgrouplist(name, entry.pw_gid, &groups, &count) < 0 { count = 0 }
        return ClusterUser(
            name: name, id: entry.pw_uid, group: entry.pw_gid,
            groups: Set(groups.prefix(Int(count))).union([entry.pw_gid]), isForeign: true)
    }

    /// Owner for files that PostgreSQL must own; nil when that is us anyway.
    var owner: (uid_t, gid_t)? { isForeign ? (id, group) : nil }

    /// Whether this user may pass through every folder of an existing absolute path, judged by modes (access lists do not
    /// count, so the answer errs on the side of no).
    func canReach(_ path: String) -> Bool {
        guard let real = FileSystem.realPath(path) else { return false }
        var current = real
        while true {
            guard let information = FileSystem.information(current, followingLinks: true) else { return false }
            let bit: mode_t =
                information.st_uid == id ? S_IXUSR : groups.contains(information.st_gid) ? S_IXGRP : S_IXOTH
            guard information.st_mode & bit != 0 else { return false }
            if current == "/" { return true }
            current = FileSystem.parent(of: current)
        }
    }

    /// A command line that runs a program as this user.
    ///
    /// setpriv (util-linux, always there on Debian) changes the ids and execs, so the pid that is started is the
    /// program's own.
    func command(_ executable: String, _ arguments: [String]) throws(PrivateClusterError) -> (String, [String]) {
        guard isForeign else { return (executable, arguments) }
        guard let setpriv = (["/usr/bin/setpriv", "/bin/setpriv"] as [String]).first(where: { access($0, X_OK) == 0 })
        else {
            throw PrivateClusterError(
                .noUnprivilegedUser,
                "PostgreSQL refuses to run as root, and setpriv, which would run it as \(name), is missing.",
                advice: "Install it: apt-get install util-linux")
        }
        return (setpriv, ["--reuid=\(id)", "--regid=\(group)", "--init-groups", "--", executable] + arguments)
    }

    /// Makes a directory of mode 0700 that belongs to this user.
    @discardableResult
    func makePrivateDirectory(_ path: String) throws(PrivateClusterError) -> Bool {
        let isNew = try FileSystem.makeDirectory(path, mode: 0o700)
        if isNew, isForeign, lchown(path, id, group) != 0 {
            throw FileSystem.failure(action: "give to \(name)", path: path, code: errno)
        }
        return isNew
    }
}

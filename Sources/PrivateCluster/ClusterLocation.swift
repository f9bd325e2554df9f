import Glibc

/// Where a home's cluster keeps its data.
struct ClusterLocation: Sendable, Hashable {
    /// The home itself, or `/var/lib/cryptoflow/<hash>` when PostgreSQL's user cannot reach the home.
    let root: String
    /// True when `root` is not the home.
    let isOutsideHome: Bool

    /// Where clusters go that cannot live in their home.
    static let sharedRoot = "/var/lib/cryptoflow"

    /// PostgreSQL's data directory.
    var data: String { root + "/postgres" }
    /// Where the data are made before they are renamed to `data`: what is left here was never finished.
    var unfinishedData: String { root + "/postgres.unfinished" }
    /// The socket's folder, if its path is short enough.
    var run: String { root + "/run" }
    /// A second lock for a cluster outside its home: copies of a home name the same one.
    var lockFile: String { root + "/lock" }

    /// The location that a home already has; nothing is created.
    static func existing(home: CryptoflowHome) throws(PrivateClusterError) -> ClusterLocation {
        guard let text = FileSystem.read(home.clusterPointer) else {
            return ClusterLocation(root: home.path, isOutsideHome: false)
        }
        let root = String(text.prefix { $0 != "\n" })
        guard root.hasPrefix("/") else {
            throw PrivateClusterError(
                .unusableHome, "\(home.clusterPointer) does not name a folder.",
                advice: "It should hold the absolute path of the cluster's folder.")
        }
        return ClusterLocation(root: root, isOutsideHome: true)
    }

    /// Finds the location of a prepared home, or chooses it for a new one; `onOrphan` hears of a cluster whose home is
    /// gone and that was moved aside.
    ///
    /// The home's lock must be held.
    static func resolve(
        home: CryptoflowHome, user: ClusterUser, sharedRoot: String = sharedRoot, onOrphan: (String) -> Void = { _ in }
    ) throws(PrivateClusterError) -> ClusterLocation {
        let known = try existing(home: home)
        if known.isOutsideHome {
            guard FileSystem.kind(known.root) == .directory else {
                throw PrivateClusterError(
                    .unusableHome,
                    "\(home.clusterPointer) says that the database is in \(known.root), but there is no such folder.",
                    advice: "Bring it back, or remove \(home.clusterPointer) to begin with an empty database.")
            }
            return known
        }
        let hasData = FileSystem.kind(known.data) != .missing
        if user.canReach(home.path) { return known }
        if hasData {
            throw PrivateClusterError(
                .unusableHome, "The user \(user.name), who runs PostgreSQL, cannot reach \(known.data).",
                advice: "Let others pass through the folders above it (chmod o+x), or choose another --home.")
        }
        return try makeOutside(home: home, user: user, sharedRoot: sharedRoot, onOrphan: onOrphan)
    }

    private static func makeOutside(
        home: CryptoflowHome, user: ClusterUser, sharedRoot: String, onOrphan: (String) -> Void
    ) throws(PrivateClusterError) -> ClusterLocation {
        try FileSystem.makeDirectories(sharedRoot, mode: 0o755)
        let root = sharedRoot + "/" + hash(FileSystem.realPath(home.path) ?? home.path)
        // The home does not know this folder, so it belonged to an earlier home of the same path, and its password went
        // with that. Market data are not thrown away unasked, and an empty home must not wake up with old data.
        if FileSystem.kind(root + "/postgres") != .missing {
            let aside = "\(root).orphan-\(time(nil))-\(getpid())"
            guard rename(root, aside) == 0 else {
                throw FileSystem.failure(action: "move aside", path: root, code: errno)
            }
            onOrphan(aside)
        }
        try user.makePrivateDirectory(root)
        try FileSystem.replace(root + "/home", with: home.path + "\n", mode: 0o644)
        try FileSystem.replace(home.clusterPointer, with: root + "\n", mode: 0o644)
        return ClusterLocation(root: root, isOutsideHome: true)
    }

    /// FNV-1a, 64 bits, as 16 hexadecimal digits: the same path has the same name in every process, and it is short.
    static func hash(_ text: String) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

import Glibc

/// The programs beside the one that runs, as built in a checkout.
package struct BuiltPrograms: Sendable {
    /// The path of this program.
    package let own: String
    /// The folder of all of them.
    package let folder: String

    /// Throws ``LabFailure`` when this program's own path is not to be had.
    package init() throws {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw LabFailure("/proc/self/exe cannot be read: is /proc mounted?") }
        own = String(decoding: buffer[..<count], as: UTF8.self)
        folder = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
    }

    /// The path of a program; nil when it is not built.
    package func path(of name: String) -> String? {
        let path = "\(folder)/\(name)"
        return access(path, X_OK) == 0 ? path : nil
    }

    /// The folder of migrations of the checkout.
    ///
    /// Throws ``LabFailure`` with what to do when it is nowhere.
    package func migrations() throws -> String {
        var parent = Substring(folder)
        for _ in 0..<5 {
            let candidate = "\(parent)/migrations"
            if access(candidate, R_OK | X_OK) == 0 { return candidate }
            guard let slash = parent.lastIndex(of: "/"), slash > parent.startIndex else { break }
            parent = parent[..<slash]
        }
        throw LabFailure("there is no folder migrations above \(folder): name it with --migrations")
    }
}

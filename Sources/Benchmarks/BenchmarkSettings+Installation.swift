import Glibc

extension BenchmarkSettings {
    /// Settings for the program that runs, as built in a checkout: migrations in a folder above it, the programs beside it.
    ///
    /// Throws ``BenchmarkFailure`` with what to do when the migrations are nowhere.
    package init(migrations: String?, scheduler: String?) throws {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { throw BenchmarkFailure("/proc/self/exe cannot be read: is /proc mounted?") }
        let own = String(decoding: buffer[..<count], as: UTF8.self)
        let programs = String(own[..<(own.lastIndex(of: "/") ?? own.startIndex)])
        let beside = { (name: String) -> String? in
            let path = "\(programs)/\(name)"
            return access(path, X_OK) == 0 ? path : nil
        }
        self.init(
            migrations: try migrations ?? Self.find("migrations", above: programs),
            schedulerProgram: scheduler ?? beside("cryptoflow-scheduler"),
            streamProgram: beside("cryptoflow-stream"), ownProgram: own)
    }

    private static func find(_ name: String, above programs: String) throws -> String {
        var folder = Substring(programs)
        for _ in 0..<5 {
            let candidate = "\(folder)/\(name)"
            if access(candidate, R_OK | X_OK) == 0 { return candidate }
            guard let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else { break }
            folder = folder[..<slash]
        }
        throw BenchmarkFailure("there is no folder \(name) above \(programs): name it with --\(name)")
    }
}

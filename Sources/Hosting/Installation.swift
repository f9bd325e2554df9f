import Execution
import FoundationEssentials
import Glibc

/// Where the files that come with the programs are: beside the executable (as in a checkout, some folders up), or in
/// `../share/cryptoflow`.
///
/// Each is looked for when it is asked for: a worker needs no documents.
package struct Installation: Sendable {
    /// The folder of the running executable, symbolic links resolved.
    package let programs: String
    private let namedDAGs: String?
    private let namedMigrations: String?

    /// A file that should have come with the program and is nowhere.
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameters:
    ///   - dags: the DAG folder named by the user; nil to find the shipped one.
    ///   - migrations: likewise for the migrations.
    package init(dags: String? = nil, migrations: String? = nil) throws {
        programs = try Self.executableFolder()
        namedDAGs = dags
        namedMigrations = migrations
    }

    /// The folder of DAG documents.
    ///
    /// Throws a sentence when it is nowhere.
    package func dags() throws -> String { try folder("dags", named: namedDAGs) }

    /// The folder of migrations.
    ///
    /// Throws a sentence when it is nowhere.
    package func migrations() throws -> String { try folder("migrations", named: namedMigrations) }

    /// The folder of recorded market data; empty when it is nowhere.
    package var recorded: String { (try? Self.find("Resources/recorded", from: programs, flag: "")) ?? "" }

    private func folder(_ name: String, named: String?) throws -> String {
        let flag = "--\(name)"
        return try named.map { try Self.existing($0, flag: flag) } ?? Self.find(name, from: programs, flag: flag)
    }

    /// The path of a program that comes with this one.
    package func program(_ name: String) throws -> String { try Self.program(name, in: programs) }

    package static func program(_ name: String, in programs: String) throws -> String {
        let path = programs + "/" + name
        guard access(path, X_OK) == 0 else {
            throw Missing(
                description: "the program \(name) is missing beside this one (\(programs)): build or install it again")
        }
        return path
    }

    package static func executableFolder() throws -> String {
        guard let path = OwnProgram.path else {
            throw Missing(description: "/proc/self/exe cannot be read: is /proc mounted?")
        }
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    private static func existing(_ folder: String, flag: String) throws -> String {
        guard let real = realpath(folder, nil) else {
            throw Missing(description: "\(flag): there is no folder \"\(folder)\"")
        }
        defer { free(real) }
        return String(cString: real)
    }

    /// Looks in `../share/cryptoflow`, then in the folders above the executable: a build lies up to four below its checkout.
    private static func find(_ name: String, from programs: String, flag: String) throws -> String {
        var candidates = ["\(programs)/../share/cryptoflow/\(name)"]
        var folder = Substring(programs)
        for _ in 0..<5 {
            candidates.append("\(folder)/\(name)")
            guard let slash = folder.lastIndex(of: "/"), slash > folder.startIndex else { break }
            folder = folder[..<slash]
        }
        for candidate in candidates {
            if let found = try? existing(candidate, flag: flag) { return found }
        }
        throw Missing(
            description: "the folder \(name) is neither in ../share/cryptoflow nor above the program (\(programs)): "
                + "install it, or name it with \(flag)")
    }
}

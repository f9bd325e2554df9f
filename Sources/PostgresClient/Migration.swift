package import CivilTime
import Crypto
package import FoundationEssentials

/// One numbered SQL file of a directory of migrations.
package struct Migration: Sendable, Hashable {
    /// From 1, without gaps.
    package let version: Int
    /// The part of the file's name after the number: `scheduler` of `0001_scheduler.sql`.
    package let name: String
    package let fileName: String
    package let sql: String
    /// SHA-256 of the file's bytes, in lower-case hexadecimal.
    package let checksum: String

    /// Reads `NNNN_name.sql` files in the order of their numbers.
    ///
    /// Other kinds of files (README.md) and hidden ones are left alone.
    /// - Throws: ``PostgresError`` of kind `migration` for an unreadable directory or file, a misnamed `.sql` file, text
    ///   that is not UTF-8, a number used twice and a gap.
    package static func read(directory: URL) throws(PostgresError) -> [Migration] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        } catch {
            throw failure("the migrations' directory \(directory.path) cannot be read: it must exist and be readable")
        }
        var migrations: [Migration] = []
        for name in names.sorted() where name.hasSuffix(".sql") && !name.hasPrefix(".") {
            let migration = try read(fileName: name, in: directory)
            if let other = migrations.last, other.version == migration.version {
                throw failure("\(other.fileName) and \(name) have the same number: give the newer one the next number")
            }
            migrations.append(migration)
        }
        for (index, migration) in migrations.enumerated() where migration.version != index + 1 {
            throw failure(
                "\(migration.fileName) comes where number \(padded(index + 1)) was expected: numbers have no gaps")
        }
        return migrations
    }

    private static func read(fileName: String, in directory: URL) throws(PostgresError) -> Migration {
        let stem = fileName.dropLast(4)
        let digits = stem.prefix(while: { $0 != "_" })
        let name = stem.dropFirst(5)
        guard digits.utf8.count == 4, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let version = Int(digits),
            !name.isEmpty
        else {
            throw failure("\(fileName) is not a name for a migration: expected NNNN_name.sql, such as 0001_tables.sql")
        }
        let data: Data
        do {
            data = try Data(contentsOf: directory.appendingPathComponent(fileName))
        } catch {
            throw failure("\(fileName) cannot be read: it must be a file that this user may read")
        }
        guard let sql = String(validating: data, as: UTF8.self), !sql.utf8.contains(0) else {
            throw failure("\(fileName) is not UTF-8 text")
        }
        return Migration(
            version: version, name: String(name), fileName: fileName, sql: sql, checksum: checksum(of: data))
    }

    private static func checksum(of data: Data) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in SHA256.hash(data: data) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func failure(_ message: String) -> PostgresError { PostgresError(.migration, message) }

    /// A version as file names write it: `0007`.
    static func padded(_ version: Int) -> String {
        let text = String(version)
        return String(repeating: "0", count: max(0, 4 - text.count)) + text
    }
}

/// A migration that the database has had.
package struct AppliedMigration: Sendable, Hashable {
    package let version: Int
    package let name: String
    package let checksum: String
    package let appliedAt: Timestamp
    package let tookMilliseconds: Int
}

/// What a database has and what it lacks.
package struct MigrationStatus: Sendable, Hashable {
    package let applied: [AppliedMigration]
    package let pending: [Migration]

    package var isCurrent: Bool { pending.isEmpty }
}

import FoundationEssentials

/// A folder of a test's own.
enum Folder {
    static func with(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/cryptoflow-chaos-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }
}

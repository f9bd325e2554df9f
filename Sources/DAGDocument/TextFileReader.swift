import Glibc

/// Reads the files that `$f` names: relative to their document, and never outside the DAG folder, whatever links say.
///
/// Used by one thread for the time of one file's load.
final class TextFileReader {
    private let root: String
    private let realRoot: String?
    private let directory: String
    private let maximumSize: Int
    /// Files asked for so far, relative to the root.
    private(set) var asked: [String] = []
    private var texts: [String: Result<String, Refusal>] = [:]

    /// Why a file cannot be read.
    struct Refusal: Error {
        let message: String
        let hint: String?
    }

    /// - Parameter directory: The document's own folder, relative to the root; empty for the root itself.
    init(root: String, directory: String, maximumSize: Int) {
        self.root = root
        self.directory = directory
        self.maximumSize = maximumSize
        realRoot = FileSystem.realPath(root)
    }

    /// The text of a file, and its path relative to the root.
    func read(_ path: String) -> Result<(path: String, text: String), Refusal> {
        switch resolve(path) {
        case .failure(let refusal): return .failure(refusal)
        case .success(let relative):
            if !asked.contains(relative) { asked.append(relative) }
            let result = texts[relative] ?? load(relative, shown: path)
            texts[relative] = result
            return result.map { (relative, $0) }
        }
    }

    /// The path from the root, by its words alone.
    private func resolve(_ path: String) -> Result<String, Refusal> {
        guard !path.isEmpty else { return .failure(Refusal(message: "the path is empty", hint: nil)) }
        guard !path.utf8.contains(0) else { return .failure(Refusal(message: "the path has a NUL byte", hint: nil)) }
        guard !path.hasPrefix("/") else {
            return .failure(
                Refusal(message: "'\(path)' is an absolute path", hint: "write it relative to the document"))
        }
        var parts = directory.split(separator: "/").map(String.init)
        for part in path.split(separator: "/") where part != "." {
            if part == ".." {
                guard !parts.isEmpty else { return .failure(Self.outside(path)) }
                parts.removeLast()
            } else {
                parts.append(String(part))
            }
        }
        guard !parts.isEmpty else { return .failure(Refusal(message: "'\(path)' is a folder, not a file", hint: nil)) }
        return .success(parts.joined(separator: "/"))
    }

    private static func outside(_ path: String) -> Refusal {
        Refusal(message: "'\(path)' leaves the DAG folder", hint: "keep the file inside it")
    }

    private func load(_ relative: String, shown: String) -> Result<String, Refusal> {
        guard let realRoot, let real = FileSystem.realPath(root + "/" + relative) else {
            return .failure(
                Refusal(message: "there is no file '\(relative)' in the DAG folder", hint: nearest(relative)))
        }
        // A link may lead elsewhere: what counts is where it ends.
        guard real == realRoot || real.hasPrefix(realRoot == "/" ? "/" : realRoot + "/") else {
            return .failure(Self.outside(shown))
        }
        switch FileSystem.read(real, maximumSize: maximumSize) {
        case .failure(let refusal): return .failure(Refusal(message: "'\(relative)' \(refusal.reason)", hint: nil))
        case .success(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure(Refusal(message: "'\(relative)' is not UTF-8 text", hint: nil))
            }
            return .success(text)
        }
    }

    private func nearest(_ relative: String) -> String? {
        var parts = relative.split(separator: "/").map(String.init)
        guard let name = parts.popLast() else { return nil }
        let folder = root + "/" + parts.joined(separator: "/")
        guard let hint = nearestHint(name, among: FileSystem.names(in: folder).prefix(1000)) else { return nil }
        return hint
    }
}

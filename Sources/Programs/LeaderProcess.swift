import FoundationEssentials
import Glibc
import Hosting

/// What the leading scheduler's own command line says, where it runs on this machine.
struct LeaderProcess {
    private let arguments: [String]
    private let folder: String
    private let programs: String

    /// Nil for a process of another user, or one that is gone.
    init?(pid: Int) {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
            let folder = Self.link("/proc/\(pid)/cwd"), let program = Self.link("/proc/\(pid)/exe")
        else { return nil }
        let arguments = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        self.init(
            arguments: arguments, folder: folder,
            programs: String(program[..<(program.lastIndex(of: "/") ?? program.startIndex)]))
    }

    /// - Parameters:
    ///   - folder: that it was started in.
    ///   - programs: the folder of its executable.
    init(arguments: [String], folder: String, programs: String) {
        self.arguments = arguments
        self.folder = folder
        self.programs = programs
    }

    /// The folder of its documents; nil when that cannot be told.
    ///
    /// - Parameter standard: the one that comes with this program, which a leader of the same build takes, too.
    func dags(standard: Installation?) -> String? {
        guard let given = value(of: "--dags") else {
            return standard?.programs == programs ? try? standard?.dags() : nil
        }
        return Self.real(given.hasPrefix("/") ? given : folder + "/" + given)
    }

    /// The port of its page; nil for a program without one.
    func port(standard: Int) -> Int? {
        guard arguments.dropFirst().first == "standalone" else { return nil }
        return value(of: "--port").map { Int($0) } ?? standard
    }

    private func value(of option: String) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument.hasPrefix(option + "=") { return String(argument.dropFirst(option.count + 1)) }
            if argument == option, index + 1 < arguments.count { return arguments[index + 1] }
        }
        return nil
    }

    private static func link(_ path: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = readlink(path, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
    }

    private static func real(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }
}

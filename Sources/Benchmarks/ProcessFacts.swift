import FoundationEssentials
import Glibc

/// What /proc says about processes and the machine.
enum ProcessFacts {
    /// User and system time of all threads of a process; 0 when there is none.
    static func processorSeconds(of pid: Int32) -> Double {
        guard let text = read("/proc/\(pid)/stat"), let close = text.lastIndex(of: ")") else { return 0 }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A line of /proc/PID/status in MB: `VmRSS`, `RssAnon`.
    static func megabytes(_ name: String, of pid: Int32) -> Double? {
        guard let text = read("/proc/\(pid)/status") else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let digits = line.filter(\.isNumber)
            return Double(digits).map { $0 * 1_024 / 1e6 }
        }
        return nil
    }

    /// Resident memory of this process in MB.
    static var ownMegabytes: Double? { megabytes("VmRSS", of: getpid()) }

    /// The load averages over 1, 5 and 15 minutes, as the kernel writes them.
    static var loadAverage: String {
        (read("/proc/loadavg") ?? "").split(separator: " ").prefix(3).joined(separator: " ")
    }

    /// The first of them.
    static var load: Double { loadAverage.split(separator: " ").first.flatMap { Double($0) } ?? .nan }

    /// Processors that are online.
    static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Processor and kernel in one line.
    static var machine: String {
        let lines = (read("/proc/cpuinfo") ?? "").split(separator: "\n")
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map(String.init) ?? "unknown"
        let kernel = (read("/proc/sys/kernel/osrelease") ?? "").split(separator: "\n").first ?? ""
        return "\(cores) cores of\(model), Linux \(kernel)"
    }

    static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
}

import FoundationEssentials
import Glibc

/// This process as the kernel sees it.
struct ProcessMetrics: MetricsSource {
    func families() async throws -> [MetricFamily] {
        var families: [MetricFamily] = []
        if let pages = Self.fields("/proc/self/statm").dropFirst().first.flatMap({ Double($0) }) {
            families.append(
                MetricFamily(
                    "cryptoflow_process_resident_memory_bytes", .gauge, help: "Memory in use.",
                    pages * Double(sysconf(Int32(_SC_PAGESIZE)))))
        }
        // The second field, the name, may hold anything, so fields are counted from its closing parenthesis.
        let stat = Self.text("/proc/self/stat").split(separator: ")").last.map { $0.split(separator: " ") } ?? []
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if stat.count > 19, let user = Double(stat[11]), let system = Double(stat[12]), let start = Double(stat[19]) {
            families.append(
                MetricFamily(
                    "cryptoflow_process_cpu_seconds_total", .counter, help: "Processor time used.",
                    (user + system) / ticks))
            if let boot = Self.bootTime {
                families.append(
                    MetricFamily(
                        "cryptoflow_process_start_time_seconds", .gauge, help: "When it started, in Unix time.",
                        boot + start / ticks))
            }
        }
        if let count = Self.openFiles {
            families.append(
                MetricFamily("cryptoflow_process_open_fds", .gauge, help: "Open file descriptors.", Double(count)))
        }
        return families
    }

    private static var bootTime: Double? {
        text("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
            .flatMap { Double($0.dropFirst(6)) }
    }

    private static var openFiles: Int? {
        guard let folder = opendir("/proc/self/fd") else { return nil }
        defer { closedir(folder) }
        var count = 0
        while let entry = readdir(folder) { count += entry.pointee.d_name.0 == UInt8(ascii: ".") ? 0 : 1 }
        // Less the folder itself.
        return count - 1
    }

    private static func fields(_ path: String) -> [Substring] { text(path).split(separator: " ") }

    private static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}

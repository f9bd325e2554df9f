import FoundationEssentials
import Glibc
package import RunStore

/// What identifies this process to other schedulers, and whether another one of this host still runs.
package enum ThisProcess {
    /// The holder of a lease that this process takes.
    package static func leaseHolder() -> LeaseHolder {
        let pid = getpid()
        return LeaseHolder(
            host: hostName(), pid: pid, bootID: bootID(), startTicks: startTicks(of: pid) ?? 0)
    }

    /// Whether the holder of a lease is certainly gone: a process of this host and this boot whose number is free or
    /// taken by another one, or one from before this boot.
    ///
    /// Never true for another host.
    package static func isDead(_ holder: LeaseHolder) -> Bool {
        guard holder.host == hostName() else { return false }
        // Containers may share a host name but not a boot's processes: another boot id of the same host is an earlier boot.
        guard holder.bootID == bootID() else { return true }
        return startTicks(of: holder.pid) != holder.startTicks
    }

    package static func processID() -> Int32 { getpid() }

    package static func hostName() -> String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let result = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { name in
                name.baseAddress.map { gethostname($0, name.count - 1) } ?? -1
            }
        }
        guard result == 0 else { return "localhost" }
        return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }

    package static func bootID() -> String {
        let text = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
        return String(text.prefix { $0 != "\n" })
    }

    /// Field 22 of /proc/PID/stat; nil when there is no such process.
    ///
    /// The second field, the name, may hold anything, so fields are counted from its closing parenthesis.
    package static func startTicks(of pid: Int32) -> UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let close = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z" else { return nil }
        return UInt64(fields[19])
    }
}

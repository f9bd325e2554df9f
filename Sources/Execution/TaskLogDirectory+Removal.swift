package import CivilTime
package import DAGModel
import FoundationEssentials
import Glibc

extension TaskLogDirectory {
    /// Removes the logs of a run; those that are not there are no problem.
    package func remove(dag: DAGID, runID: String) {
        let folder = runFolder(dag: dag, runID: runID)
        try? FileManager.default.removeItem(atPath: folder)
        // The DAG's own folder goes with its last run.
        if let slash = folder.lastIndex(of: "/") { rmdir(String(folder[..<slash])) }
    }

    /// Removes the logs of runs in which nothing was written since an instant, of at most `limit` runs.
    ///
    /// Returns of how many.
    package func removeRuns(untouchedSince date: Timestamp, limit: Int) -> Int {
        let files = FileManager.default
        var removed = 0
        for dag in (try? files.contentsOfDirectory(atPath: root)) ?? [] where dag.hasPrefix("dag_id=") {
            for run in (try? files.contentsOfDirectory(atPath: "\(root)/\(dag)")) ?? [] where run.hasPrefix("run_id=") {
                let folder = "\(root)/\(dag)/\(run)"
                guard removed < limit else { return removed }
                guard Self.newest(in: folder) < date, (try? files.removeItem(atPath: folder)) != nil else { continue }
                removed += 1
            }
            rmdir("\(root)/\(dag)")
        }
        return removed
    }

    /// When something below a folder, or the folder itself, was changed last.
    private static func newest(in folder: String) -> Timestamp {
        var newest = changed(folder)
        for name in (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? [] {
            newest = max(newest, changed(folder + "/" + name))
        }
        return newest
    }

    /// What cannot be looked at counts as young.
    private static func changed(_ path: String) -> Timestamp {
        var facts = stat()
        guard lstat(path, &facts) == 0 else { return .distantFuture }
        return Timestamp(seconds: Int64(facts.st_mtim.tv_sec))
    }
}

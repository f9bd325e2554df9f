/// A DAG folder and what was last read from it: each refresh reads only the files that changed.
///
/// Not safe for several threads at once; `refresh` blocks and belongs off Swift's pool.
package struct DAGFolderWatch: Sendable {
    package let loader: DocumentLoader
    private let folder: DAGFolder
    private var known: [String: Known] = [:]

    private struct Known {
        var stamp: FileStamp
        /// Of the text files its documents read; nil for one that is missing.
        var texts: [String: FileStamp?]
    }

    /// What changed since the last refresh.
    package struct Changes: Sendable {
        /// New and changed files, by path.
        package let loaded: [LoadedFile]
        /// Files that are gone, by path.
        package let removed: [String]
        /// How many files there are.
        package let count: Int

        package var isEmpty: Bool { loaded.isEmpty && removed.isEmpty }
    }

    package init(loader: DocumentLoader) {
        self.loader = loader
        folder = DAGFolder(root: loader.root)
    }

    /// Reads what is new or changed, text files named by `$f` included, on `threads` threads.
    package mutating func refresh(threads: Int = 2) -> Changes {
        let found = folder.scan()
        var changed: [(file: String, stamp: FileStamp)] = []
        for entry in found {
            if let old = known[entry.file], old.stamp == entry.stamp, isCurrent(old) { continue }
            changed.append(entry)
        }
        var removed: [String] = []
        if known.count + changed.count > found.count || !changed.isEmpty {
            let present = Set(found.map(\.file))
            removed = known.keys.filter { !present.contains($0) }.sorted()
            for file in removed { known[file] = nil }
        }
        let loaded = loader.load(changed.map(\.file), threads: threads)
        for (entry, file) in zip(changed, loaded) {
            var texts: [String: FileStamp?] = [:]
            for text in file.textFiles { texts[text] = .some(FileStamp(path: loader.root + "/" + text)) }
            // The stamp from before the read: a change during it is seen next time.
            known[entry.file] = Known(stamp: entry.stamp, texts: texts)
        }
        return Changes(loaded: loaded, removed: removed, count: found.count)
    }

    private func isCurrent(_ file: Known) -> Bool {
        file.texts.allSatisfy { FileStamp(path: loader.root + "/" + $0.key) == $0.value }
    }
}

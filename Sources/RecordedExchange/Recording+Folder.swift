package import FoundationEssentials

extension Recording {
    /// The folder with the recorded data that belongs to an executable: `../share/cryptoflow/Resources/recorded` beside
    /// an installed one, or `Resources/recorded` of the nearest folder above it when it was built in a checkout.
    ///
    /// - Parameter executable: the running program; nil asks the kernel.
    /// - Throws: `RecordingError` with the places that were looked at.
    package static func folder(besideExecutable executable: URL? = nil) throws(RecordingError) -> URL {
        let manager = FileManager.default
        let program: URL
        if let executable {
            program = executable.resolvingSymlinksInPath()
        } else {
            let own = "/proc/self/exe"
            let path = (try? manager.destinationOfSymbolicLink(atPath: own)) ?? CommandLine.arguments.first ?? own
            program = URL(filePath: path)
        }
        var folder = program.deletingLastPathComponent()
        let installed = folder.deletingLastPathComponent().appending(path: "share/cryptoflow/Resources/recorded")
        if isRecording(installed) { return installed }
        // A build product lies a few levels down (.build/x86_64-unknown-linux-gnu/release): walk up to the checkout.
        while folder.pathComponents.count > 1 {
            let candidate = folder.appending(path: "Resources/recorded")
            if isRecording(candidate) { return candidate }
            folder = folder.deletingLastPathComponent()
        }
        throw RecordingError(
            "the recorded data was found neither in \(installed.path) nor as Resources/recorded in a folder above "
                + "\(program.path); name its folder with --data")
    }

    private static func isRecording(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "markets.csv").path)
    }
}

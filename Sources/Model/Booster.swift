import CXGBoost
import ModelRegistry

/// Rows of features for XGBoost, with labels where it trains.
final class FeatureMatrix {
    let handle: DMatrixHandle
    let rows: Int

    /// - Parameters:
    ///   - vectors: all of the length of `FeatureList.all`; NaN is a missing value.
    ///   - labels: one a row, or empty.
    init(_ vectors: [[Float]], labels: [Float] = []) throws {
        rows = vectors.count
        let flat = vectors.flatMap { $0 }
        let columns = FeatureList.all.count
        precondition(flat.count == rows * columns, "a vector has another length than the feature list")
        var made: DMatrixHandle?
        try Booster.check(
            XGDMatrixCreateFromMat_omp(flat, bst_ulong(rows), bst_ulong(columns), .nan, &made, 1),
            "cannot take in the rows")
        guard let made else { throw ModelFailure(.failed, "XGBoost gave no matrix") }
        handle = made
        if !labels.isEmpty {
            precondition(labels.count == rows, "a row has no label")
            try Booster.check(
                XGDMatrixSetFloatInfo(handle, "label", labels, bst_ulong(labels.count)), "cannot set the labels")
        }
        try Booster.withNames(FeatureList.all.map(\.name)) { names in
            try Booster.check(
                XGDMatrixSetStrFeatureInfo(handle, "feature_name", &names, bst_ulong(names.count)),
                "cannot name the features")
        }
    }

    deinit { XGDMatrixFree(handle) }
}

/// XGBoost's model: trained round by round, or loaded from its own JSON.
///
/// Every call computes on the caller's thread. Not for Swift's cooperative threads: see ``ModelWorkshop``.
final class Booster {
    private let handle: BoosterHandle

    private init(handle: BoosterHandle) {
        self.handle = handle
    }

    deinit { XGBoosterFree(handle) }

    /// The version of the library, such as `1.7.4`.
    static var libraryVersion: String {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        XGBoostVersion(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Trains a new one.
    static func train(_ matrix: FeatureMatrix, parameters: [String: String], rounds: Int) throws -> Booster {
        var made: BoosterHandle?
        var matrices: [DMatrixHandle?] = [matrix.handle]
        try check(XGBoosterCreate(&matrices, 1, &made), "cannot make a model")
        guard let made else { throw ModelFailure(.failed, "XGBoost gave no model") }
        let booster = Booster(handle: made)
        try withNames(FeatureList.all.map(\.name)) { names in
            try check(
                XGBoosterSetStrFeatureInfo(made, "feature_name", &names, bst_ulong(names.count)),
                "cannot name the features")
        }
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            try check(XGBoosterSetParam(made, name, value), "refuses the parameter \(name)=\(value)")
        }
        for round in 0..<rounds {
            try check(XGBoosterUpdateOneIter(made, Int32(round), matrix.handle), "round \(round + 1) failed")
        }
        return booster
    }

    /// Loads one from the JSON that ``json()`` gave.
    static func load(_ json: String) throws -> Booster {
        var made: BoosterHandle?
        try check(XGBoosterCreate(nil, 0, &made), "cannot make a model")
        guard let made else { throw ModelFailure(.failed, "XGBoost gave no model") }
        let booster = Booster(handle: made)
        try check(XGBoosterSetParam(made, "nthread", "1"), "refuses one thread")
        var bytes = Array(json.utf8)
        try check(XGBoosterLoadModelFromBuffer(made, &bytes, bst_ulong(bytes.count)), "cannot read the model")
        return booster
    }

    /// The model in XGBoost's JSON.
    func json() throws -> String {
        var length: bst_ulong = 0
        var bytes: UnsafePointer<CChar>?
        try Self.check(
            XGBoosterSaveModelToBuffer(handle, "{\"format\": \"json\"}", &length, &bytes), "cannot write the model")
        guard let bytes else { throw ModelFailure(.failed, "XGBoost wrote an empty model") }
        // The buffer is XGBoost's own and lives until its next call.
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: Int(length)), as: UTF8.self)
    }

    /// The outputs of each row: one for a regression, one a class for a classification.
    func predict(_ matrix: FeatureMatrix) throws -> [[Float]] {
        let configuration = """
            {"type": 0, "training": false, "iteration_begin": 0, "iteration_end": 0, "strict_shape": true}
            """
        var shape: UnsafePointer<bst_ulong>?
        var dimensions: bst_ulong = 0
        var result: UnsafePointer<Float>?
        try Self.check(
            XGBoosterPredictFromDMatrix(handle, matrix.handle, configuration, &shape, &dimensions, &result),
            "cannot forecast")
        guard let shape, let result, dimensions == 2, shape[0] == bst_ulong(matrix.rows) else {
            throw ModelFailure(.failed, "XGBoost's forecast has another shape than asked for")
        }
        let width = Int(shape[1])
        return (0..<matrix.rows).map { row in
            Array(UnsafeBufferPointer(start: result + row * width, count: width))
        }
    }

    /// The sum of the gains of the splits at each feature that has any.
    func totalGain() throws -> [String: Double] {
        var (count, dimensions): (bst_ulong, bst_ulong) = (0, 0)
        var names: UnsafeMutablePointer<UnsafePointer<CChar>?>?
        var shape: UnsafePointer<bst_ulong>?
        var scores: UnsafePointer<Float>?
        try Self.check(
            XGBoosterFeatureScore(
                handle, "{\"importance_type\": \"total_gain\"}", &count, &names, &dimensions, &shape, &scores),
            "cannot tell how much each feature was used")
        guard let names, let scores else { return [:] }
        return (0..<Int(count)).reduce(into: [:]) { gains, index in
            guard let name = names[index] else { return }
            gains[String(cString: name)] = Double(scores[index])
        }
    }

    /// XGBoost's calls answer 0 or leave a message.
    static func check(_ result: Int32, _ what: String) throws {
        guard result != 0 else { return }
        // Its messages carry a time, a file and a stack trace; the sentence is the first line after the colon.
        let message = String(cString: XGBGetLastError()).split(separator: "\n").first ?? "unknown reason"
        if message.contains("bad_alloc") {
            throw ModelFailure(
                .failed,
                "XGBoost \(what): it needs more memory than it may have; raise memory_mb, or train on fewer hours")
        }
        throw ModelFailure(.failed, "XGBoost \(what): \(message)")
    }

    /// Lends names as C strings.
    static func withNames(
        _ names: [String], _ body: (inout [UnsafePointer<CChar>?]) throws -> Void
    ) rethrows {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for name in names {
            starts.append(bytes.count)
            bytes.append(contentsOf: name.utf8CString)
        }
        try bytes.withUnsafeBufferPointer { buffer in
            var pointers = starts.map { start in buffer.baseAddress.map { $0 + start } }
            try body(&pointers)
        }
    }
}

/// What a run may be called that somebody names.
///
/// Source: Airflow 3, `[scheduler] allowed_run_id_pattern` (`^[A-Za-z0-9_.~:+-]+$`) and the 250 characters of its column.
package enum RunIDRule {
    package static let maximumLength = 250

    /// What is wrong with an id, as a sentence; nil when nothing is.
    package static func problem(of id: String) -> String? {
        if id.isEmpty { return "a run id is not empty" }
        if let wrong = id.unicodeScalars.first(where: { !isAllowed($0) }) {
            return "run id \"\(id.prefix(60))\" has \(name(of: wrong)): "
                + "it may have letters A to Z, digits and _ . ~ : + - only"
        }
        if id.utf8.count > maximumLength {
            return "the run id has \(id.utf8.count) characters and may have at most \(maximumLength)"
        }
        return nil
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", ".", "~", ":", "+", "-": true
        default: false
        }
    }

    private static func name(of scalar: Unicode.Scalar) -> String {
        if scalar == " " { return "a blank" }
        if scalar.properties.generalCategory == .control { return "a control character" }
        return "the character \"\(scalar)\""
    }
}

import CLibPCRE2

/// A regular expression whose search ends after a bounded number of steps, whatever the text.
///
/// Syntax and meaning are those of Perl's expressions (PCRE2), which include what JSON Schema and Python have in common; `\d`,
/// `\w` and `.` know Unicode, and `\u` takes four digits.
package struct RegularExpression: ~Copyable {
    package enum Outcome {
        case found, absent
        /// It would have taken too many steps.
        case givenUp
    }

    /// Some 10 ms.
    private static let mostSteps: UInt32 = 1_000_000
    private static let mostMemory: UInt32 = 16_384  // kB

    private let code: OpaquePointer

    /// Nil when the pattern is none.
    package init?(_ pattern: String) {
        var problem: Int32 = 0
        var offset = 0
        let options = UInt32(PCRE2_UTF) | UInt32(PCRE2_UCP) | UInt32(PCRE2_ALT_BSUX) | UInt32(PCRE2_NEVER_BACKSLASH_C)
        var pattern = pattern
        let compiled = pattern.withUTF8 { pcre2_compile_8($0.baseAddress, $0.count, options, &problem, &offset, nil) }
        guard let compiled else { return nil }
        code = compiled
    }

    deinit { pcre2_code_free_8(code) }

    /// Whether some part of the text matches.
    package func search(_ text: String) -> Outcome {
        guard let match = pcre2_match_data_create_8(1, nil), let limits = pcre2_match_context_create_8(nil) else {
            return .givenUp
        }
        defer {
            pcre2_match_data_free_8(match)
            pcre2_match_context_free_8(limits)
        }
        pcre2_set_match_limit_8(limits, Self.mostSteps)
        pcre2_set_heap_limit_8(limits, Self.mostMemory)
        var text = text
        let result = text.withUTF8 { pcre2_match_8(code, $0.baseAddress, $0.count, 0, 0, match, limits) }
        if result >= 0 { return .found }
        return result == PCRE2_ERROR_NOMATCH ? .absent : .givenUp
    }
}

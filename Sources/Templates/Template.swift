/// A text with Jinja expressions, read once and rendered as often as needed.
///
/// The subset of Jinja 3.1 that needs no statements: `{{ expression }}` with attributes, items, slices, filters, tests,
/// operators and the inline `if`; `{# comments #}`; `{% raw %}`; whitespace control with `-`. As in Jinja, one line
/// break at the very end of the text is dropped. Undefined values are errors, as with Airflow's StrictUndefined.
package struct Template: Sendable {
    /// The names the expressions read from the context, such as `ds` and `params`; those guarded by `default` or
    /// `is defined` are not among them.
    package let names: Set<String>
    private let source: [UInt8]
    private let segments: [Segment]

    /// A rendered text longer than this is an error.
    ///
    /// In bytes of UTF-8.
    package static let maximumOutput = 1 << 20

    private enum Segment: Sendable {
        case text(String)
        case output(Expression)
    }

    /// Reads a template.
    ///
    /// Throws for a syntax error, an unknown filter, a statement that this version lacks, and a name that no context
    /// has, each with its place.
    package init(parsing text: String) throws(TemplateError) {
        let source = TemplateScanner.normalized(text)
        self.source = source
        do throws(Failure) {
            var segments: [Segment] = []
            var names: [(name: String, offset: Int)] = []
            var scanner = TemplateScanner(source)
            while let piece = try scanner.next() {
                switch piece {
                case .text(let range):
                    if !range.isEmpty { segments.append(.text(String(decoding: source[range], as: UTF8.self))) }
                case .expression(let range):
                    var lexer = Lexer(source, from: range.lowerBound, to: range.upperBound)
                    var parser = ExpressionParser(try lexer.tokens())
                    let expression = try parser.parse()
                    expression.collectNames(into: &names)
                    segments.append(.output(expression))
                }
            }
            for (name, offset) in names { try ContextNames.check(name, at: offset) }
            self.segments = segments
            self.names = Set(names.map(\.name))
        } catch {
            throw TemplateError(error.message, hint: error.hint, at: error.offset ?? 0, in: source)
        }
    }

    /// Writes the text with every expression's value in the given context.
    ///
    /// Throws for an undefined attribute or variable, an operation that does not fit its values, a date that this run
    /// does not have, and a result beyond `maximumOutput`.
    package func render(_ context: TemplateContext) throws(TemplateError) -> String {
        var result = ""
        for segment in segments {
            switch segment {
            case .text(let text): result += text
            case .output(let expression):
                do throws(Failure) {
                    result += try Evaluator(context).evaluate(expression).text()
                } catch {
                    throw TemplateError(
                        error.message, hint: error.hint, at: error.offset ?? expression.offset, in: source)
                }
            }
            guard result.utf8.count <= Self.maximumOutput else {
                throw TemplateError("the rendered text is longer than \(Self.maximumOutput) bytes", at: 0, in: source)
            }
        }
        return result
    }

    /// Whether the text has anything to render; a plain text renders as itself.
    package var isPlain: Bool {
        segments.allSatisfy { if case .text = $0 { true } else { false } }
    }
}

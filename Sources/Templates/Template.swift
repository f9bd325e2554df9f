/// A text with Jinja expressions, read once and rendered as often as needed.
///
/// Jinja 3.1 as Airflow sets it up: `{{ expressions }}` with attributes, items, slices, filters, tests, operators and
/// calls; `{% if %}`, `{% for %}`, `{% set %}`, `{% with %}`, `{% filter %}`, `{% do %}` and `{% raw %}`;
/// `{# comments #}`; whitespace control with `-`. As in Jinja, one line break at the very end of the text is dropped.
/// Undefined values are errors, as with Airflow's StrictUndefined. A rendering is bounded in steps, in nesting and in
/// the length of its text.
package struct Template: Sendable {
    /// The names the expressions read from the context, such as `ds` and `params`; those guarded by `default` or
    /// `is defined` are not among them.
    package let names: Set<String>
    /// The tasks that calls of `xcom_pull` name as texts, in the order of the template.
    ///
    /// Computed ids are left out.
    package let pulledTasks: [String]
    private let source: [UInt8]
    private let statements: [Statement]

    /// A rendered text longer than this is an error.
    ///
    /// In bytes of UTF-8.
    package static let maximumOutput = 1 << 20

    /// Reads a template.
    ///
    /// Throws for a syntax error, an unknown filter, a statement that this version lacks, and a name that no context
    /// has and the template does not set, each with its place.
    package init(parsing text: String) throws(TemplateError) {
        let source = TemplateScanner.normalized(text)
        self.source = source
        do throws(Failure) {
            var parser = TemplateParser(source)
            (statements, names) = try parser.parse()
            pulledTasks = parser.pulled
        } catch {
            throw TemplateError(error.message, hint: error.hint, at: error.offset ?? 0, in: source)
        }
    }

    /// Writes the text with every expression's value in the given context.
    ///
    /// Throws for an undefined attribute or variable, an operation that does not fit its values, a date that this run
    /// does not have, a result beyond `maximumOutput`, and work beyond a million steps.
    package func render(_ context: TemplateContext) throws(TemplateError) -> String {
        do throws(Failure) {
            return try Meter.measured { () throws(Failure) in try StatementRenderer(context).render(statements) }
        } catch {
            throw TemplateError(error.message, hint: error.hint, at: error.offset ?? 0, in: source)
        }
    }

    /// Whether the text has anything to render; a plain text renders as itself.
    package var isPlain: Bool {
        statements.allSatisfy { if case .text = $0 { true } else { false } }
    }
}

/// A part of a template, as written.
indirect enum Statement: Sendable {
    case text(String)
    case output(Expression)
    /// `{% if %}` with its `{% elif %}`s, in order.
    case conditional([Branch], otherwise: [Statement])
    case loop(Loop)
    case set(Target, Expression)
    /// `{% set x %}…{% endset %}`: the body's text through the filters.
    case capture(Target, filters: [FilterCall], [Statement], offset: Int)
    /// `{% with a = 1 %}…{% endwith %}`.
    case with([(Target, Expression)], [Statement])
    /// `{% filter upper %}…{% endfilter %}`.
    case filtered([FilterCall], [Statement], offset: Int)
    /// `{% do list.append(x) %}`.
    case evaluate(Expression)

    struct Branch: Sendable {
        let condition: Expression
        let body: [Statement]
    }

    struct Loop: Sendable {
        let target: Target
        let sequence: Expression
        let condition: Expression?
        let body: [Statement]
        let otherwise: [Statement]
        let offset: Int
    }

    struct FilterCall: Sendable {
        let name: String
        let arguments: Expression.Arguments
        let offset: Int
    }

    /// What an assignment or a loop writes to.
    indirect enum Target: Sendable {
        case name(String)
        /// An attribute of a namespace.
        case attribute(String, String, offset: Int)
        case unpacked([Target], offset: Int)

        /// The names it makes.
        var names: [String] {
            switch self {
            case .name(let name): [name]
            case .attribute: []
            case .unpacked(let targets, _): targets.flatMap(\.names)
            }
        }
    }
}

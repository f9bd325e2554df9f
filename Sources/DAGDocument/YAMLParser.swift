import CLibYAML

/// One problem found while reading YAML, before it is known which file it belongs to.
struct YAMLProblem: Error {
    let mark: Mark
    let message: String
    let hint: String?
    var path = DocumentPath()

    init(_ message: String, hint: String? = nil, at mark: Mark, path: DocumentPath = DocumentPath()) {
        self.mark = mark
        self.message = message
        self.hint = hint
        self.path = path
    }
}

/// Bounds on one document.
package struct YAMLLimits: Sendable {
    /// Nested lists and mappings.
    package var depth = 64
    /// Nodes once aliases are expanded.
    package var nodes = 100_000

    package init() {}
}

/// Reads one document with libyaml into a tree, keeping the place of every node and key.
///
/// Mistakes that leave the tree readable (a duplicate key, an unknown tag) are collected, so that the rest of the
/// document is checked too; a syntax error ends the document.
struct YAMLParser {
    /// On the heap: libyaml keeps a pointer to it.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private let baseLine: Int
    /// The document, while it is read.
    private var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    private let limits: YAMLLimits
    private var anchors: [String: YAMLNode] = [:]
    private var openAnchors: Set<String> = []
    private var totalSize = 0
    private(set) var problems: [YAMLProblem] = []
    private var path = DocumentPath()

    private init(baseLine: Int, limits: YAMLLimits) {
        parser = .allocate(capacity: 1)
        event = .allocate(capacity: 1)
        event.initialize(to: yaml_event_t())
        self.baseLine = baseLine
        self.limits = limits
    }

    /// The document in `bytes`, which start on 0-based line `line` of their file; nil when it is empty.
    ///
    /// What it throws ends the document; what it collects does not.
    static func parse(_ bytes: UnsafeBufferPointer<UInt8>, line: Int, limits: YAMLLimits, problems: inout [YAMLProblem])
        -> YAMLNode?
    {
        var reader = YAMLParser(baseLine: line, limits: limits)
        defer {
            reader.parser.deallocate()
            reader.event.deallocate()
            problems += reader.problems
        }
        do throws(YAMLProblem) {
            return try reader.document(bytes)
        } catch {
            reader.problems.append(error)
            return nil
        }
    }

    private mutating func document(_ bytes: UnsafeBufferPointer<UInt8>) throws(YAMLProblem) -> YAMLNode? {
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLProblem("out of memory while reading", at: Mark(line: Int32(baseLine + 1), column: 1))
        }
        self.bytes = bytes
        defer { yaml_parser_delete(parser) }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
        var root: YAMLNode?
        while true {
            try advance()
            defer { yaml_event_delete(event) }
            switch event.pointee.type {
            case YAML_STREAM_END_EVENT: return root
            case YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT, YAML_DOCUMENT_END_EVENT: continue
            default: root = try node(depth: 0)
            }
        }
    }

    /// The next event into `event`, which the caller deletes.
    private mutating func advance() throws(YAMLProblem) {
        guard yaml_parser_parse(parser, event) == 1 else { throw syntaxProblem() }
    }

    private func mark(_ mark: yaml_mark_t) -> Mark {
        Mark(line: Int32(clamping: mark.line + baseLine + 1), column: Int32(clamping: mark.column + 1))
    }

    private func syntaxProblem() -> YAMLProblem {
        SyntaxMessages.problem(parser.pointee, in: bytes, baseLine: baseLine)
    }

    /// The node that the present event begins.
    ///
    /// The caller deletes the event that is present when this returns.
    private mutating func node(depth: Int) throws(YAMLProblem) -> YAMLNode {
        let place = mark(event.pointee.start_mark)
        switch event.pointee.type {
        case YAML_ALIAS_EVENT:
            let name = text(event.pointee.data.alias.anchor)
            guard let target = anchors[name] else {
                if openAnchors.contains(name) {
                    throw YAMLProblem(
                        "the alias '*\(name.shortened)' stands inside its own anchor", at: place, path: path)
                }
                throw YAMLProblem("no anchor '&\(name.shortened)' stands before this alias", at: place, path: path)
            }
            try count(target.size, at: place)
            // Problems inside the target show where it was written, so only the node's own place changes.
            return YAMLNode(
                mark: place, size: target.size, content: target.content, style: .none, source: target.source)
        case YAML_SCALAR_EVENT:
            try count(1, at: place)
            let anchor = optionalText(event.pointee.data.scalar.anchor)
            let node = try scalar(at: place)
            if let anchor { anchors[anchor] = node }
            return node
        case YAML_SEQUENCE_START_EVENT:
            let anchor = optionalText(event.pointee.data.sequence_start.anchor)
            check(tag: optionalText(event.pointee.data.sequence_start.tag), allowed: "tag:yaml.org,2002:seq", at: place)
            return try nested(anchor, depth, place) { (reader) throws(YAMLProblem) in try reader.sequence(place, depth)
            }
        case YAML_MAPPING_START_EVENT:
            let anchor = optionalText(event.pointee.data.mapping_start.anchor)
            check(tag: optionalText(event.pointee.data.mapping_start.tag), allowed: "tag:yaml.org,2002:map", at: place)
            return try nested(anchor, depth, place) { (reader) throws(YAMLProblem) in try reader.mapping(place, depth) }
        default: throw YAMLProblem("unexpected YAML structure", at: place, path: path)
        }
    }

    private mutating func nested(
        _ anchor: String?, _ depth: Int, _ place: Mark,
        _ body: (inout YAMLParser) throws(YAMLProblem) -> YAMLNode
    ) throws(YAMLProblem) -> YAMLNode {
        guard depth < limits.depth else {
            throw YAMLProblem("lists and mappings are nested more than \(limits.depth) levels deep", at: place)
        }
        try count(1, at: place)
        // The event is done with, and the ones inside take its place.
        yaml_event_delete(event)
        if let anchor { openAnchors.insert(anchor) }
        let node = try body(&self)
        if let anchor {
            openAnchors.remove(anchor)
            anchors[anchor] = node
        }
        return node
    }

    private mutating func count(_ nodes: Int, at place: Mark) throws(YAMLProblem) {
        totalSize += nodes
        guard totalSize <= limits.nodes else {
            throw YAMLProblem(
                "the document has more than \(limits.nodes) values once its aliases are expanded", at: place, path: path
            )
        }
    }

    private mutating func sequence(_ place: Mark, _ depth: Int) throws(YAMLProblem) -> YAMLNode {
        var elements: [YAMLNode] = []
        var size = 1
        while true {
            try advance()
            defer { yaml_event_delete(event) }
            if event.pointee.type == YAML_SEQUENCE_END_EVENT { break }
            path.append(.index(elements.count))
            let element = try node(depth: depth + 1)
            path.removeLast()
            size += element.size
            elements.append(element)
        }
        return YAMLNode(mark: place, size: size, content: .list(elements))
    }

    private mutating func mapping(_ place: Mark, _ depth: Int) throws(YAMLProblem) -> YAMLNode {
        var entries: [YAMLEntry] = []
        var merges: [YAMLNode] = []
        var mergeMark: Mark?
        var size = 1
        var seen: Set<String> = []
        while true {
            try advance()
            guard event.pointee.type != YAML_MAPPING_END_EVENT else {
                yaml_event_delete(event)
                break
            }
            let (key, keyMark, isMerge) = try mappingKey(depth)
            path.append(.key(key))
            let value = try mappingValue(depth)
            path.removeLast()
            size += 1 + value.size
            if isMerge {
                if let mergeMark {
                    problems.append(
                        YAMLProblem(
                            "duplicate key '<<', first at line \(mergeMark.line)", hint: "write one: <<: [*a, *b]",
                            at: keyMark, path: path.appending(.key(key))))
                }
                mergeMark = keyMark
                merges.append(value)
                continue
            }
            // Few keys are compared directly, many through a set.
            let isNew: Bool
            if entries.count < 16 {
                isNew = entries[key] == nil
            } else {
                if seen.isEmpty { seen = Set(entries.map(\.key)) }
                isNew = seen.insert(key).inserted
            }
            if !isNew, let first = entries[key] {
                problems.append(
                    YAMLProblem(
                        "duplicate key '\(key.shortened)': it stands first at line \(first.keyMark.line), column \(first.keyMark.column)",
                        hint: "keep one of the two", at: keyMark, path: path.appending(.key(key))))
                continue
            }
            entries.append(YAMLEntry(key: key, keyMark: keyMark, value: value))
        }
        for merge in merges { try self.merge(merge, into: &entries, size: &size) }
        return YAMLNode(mark: place, size: size, content: .map(entries))
    }

    private mutating func mappingValue(_ depth: Int) throws(YAMLProblem) -> YAMLNode {
        try advance()
        defer { yaml_event_delete(event) }
        return try node(depth: depth + 1)
    }

    /// A key as text; its event is deleted here.
    private mutating func mappingKey(_ depth: Int) throws(YAMLProblem) -> (String, Mark, isMerge: Bool) {
        defer { yaml_event_delete(event) }
        let place = mark(event.pointee.start_mark)
        if event.pointee.type == YAML_ALIAS_EVENT {
            let key = try node(depth: depth + 1)
            guard let text = key.string ?? key.source else {
                throw YAMLProblem("a key must be a text, found \(key.found)", at: place, path: path)
            }
            return (text, place, false)
        }
        guard event.pointee.type == YAML_SCALAR_EVENT else {
            let kind = event.pointee.type == YAML_SEQUENCE_START_EVENT ? "a list" : "a mapping"
            throw YAMLProblem(
                "a key must be a text, found \(kind)", hint: "quote text that begins with [ or {, such as \"{{ ds }}\"",
                at: place, path: path)
        }
        try count(1, at: place)
        let scalar = event.pointee.data.scalar
        let key = text(scalar.value, scalar.length)
        let isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
        if let anchor = optionalText(scalar.anchor) {
            anchors[anchor] = YAMLNode(mark: place, size: 1, content: .string(key))
        }
        return (key, place, isPlain && key == "<<")
    }

    /// YAML 1.1's merge key, which Airflow's loader has too: the mapping's own keys win, then earlier merged ones.
    private mutating func merge(_ node: YAMLNode, into entries: inout [YAMLEntry], size: inout Int) throws(YAMLProblem)
    {
        let sources: [YAMLNode] = if case .list(let elements) = node.content { elements } else { [node] }
        var known = Set(entries.map(\.key))
        for source in sources {
            guard let merged = source.entries else {
                problems.append(
                    YAMLProblem(
                        "the merge key '<<' takes a mapping or a list of mappings, found \(source.found)",
                        hint: "refer to one with an alias: <<: *name", at: source.mark, path: path.appending(.key("<<"))
                    ))
                continue
            }
            for entry in merged where known.insert(entry.key).inserted { entries.append(entry) }
        }
    }

    private mutating func scalar(at place: Mark) throws(YAMLProblem) -> YAMLNode {
        let scalar = event.pointee.data.scalar
        let bytes = UnsafeBufferPointer(start: UnsafePointer(scalar.value), count: scalar.length)
        let style: YAMLNode.Style =
            switch scalar.style {
            case YAML_PLAIN_SCALAR_STYLE: .plain
            case YAML_LITERAL_SCALAR_STYLE: .literal
            case YAML_FOLDED_SCALAR_STYLE: .folded
            default: .quoted
            }
        if let tag = optionalText(scalar.tag) { return try tagged(tag, bytes, style, place) }
        guard style == .plain else {
            return YAMLNode(
                mark: place, size: 1, content: .string(String(decoding: bytes, as: UTF8.self)), style: style)
        }
        return resolved(ScalarResolver.resolve(bytes), bytes, place)
    }

    private mutating func resolved(
        _ value: ScalarResolver.Resolved, _ bytes: UnsafeBufferPointer<UInt8>, _ place: Mark
    ) -> YAMLNode {
        let text = String(decoding: bytes, as: UTF8.self)
        switch value {
        case .null: return YAMLNode(mark: place, size: 1, content: .null, style: .plain, source: text)
        case .bool(let flag): return YAMLNode(mark: place, size: 1, content: .bool(flag), style: .plain, source: text)
        case .int(let number): return YAMLNode(mark: place, size: 1, content: .int(number), style: .plain, source: text)
        case .double(let number):
            return YAMLNode(mark: place, size: 1, content: .double(number), style: .plain, source: text)
        case .string: return YAMLNode(mark: place, size: 1, content: .string(text), style: .plain)
        case .tooLarge:
            problems.append(
                YAMLProblem(
                    "the integer \(text.prefix(40)) does not fit 64 bits", hint: "quote it if it is a text", at: place,
                    path: path))
            return YAMLNode(mark: place, size: 1, content: .int(0), style: .plain, source: text)
        }
    }

    /// A scalar with an explicit tag of the core schema.
    private mutating func tagged(
        _ tag: String, _ bytes: UnsafeBufferPointer<UInt8>, _ style: YAMLNode.Style, _ place: Mark
    ) throws(YAMLProblem) -> YAMLNode {
        let text = String(decoding: bytes, as: UTF8.self)
        let string = YAMLNode(mark: place, size: 1, content: .string(text), style: style)
        guard tag != "!", tag != "tag:yaml.org,2002:str" else { return string }
        let value = ScalarResolver.resolve(bytes)
        switch (tag, value) {
        case ("tag:yaml.org,2002:null", .null), ("tag:yaml.org,2002:bool", .bool), ("tag:yaml.org,2002:int", .int),
            ("tag:yaml.org,2002:float", .double):
            return resolved(value, bytes, place)
        case ("tag:yaml.org,2002:float", .int(let number)):
            return resolved(.double(Double(number)), bytes, place)
        case ("tag:yaml.org,2002:null", _), ("tag:yaml.org,2002:bool", _), ("tag:yaml.org,2002:int", _),
            ("tag:yaml.org,2002:float", _):
            problems.append(
                YAMLProblem("\"\(text.prefix(40))\" does not fit its tag \(shown(tag))", at: place, path: path))
        default: check(tag: tag, allowed: "", at: place)
        }
        return string
    }

    private mutating func check(tag: String?, allowed: String, at place: Mark) {
        guard let tag, tag != allowed, tag != "!" else { return }
        problems.append(
            YAMLProblem(
                "unknown tag \(shown(tag)): documents use !!str, !!int, !!float, !!bool, !!null, !!seq and !!map only",
                hint: "leave the tag out", at: place, path: path))
    }

    private func shown(_ tag: String) -> String {
        tag.hasPrefix("tag:yaml.org,2002:")
            ? ("!!" + tag.dropFirst("tag:yaml.org,2002:".utf8.count)).shortened : tag.shortened
    }

    private func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?, _ length: Int? = nil) -> String {
        guard let pointer else { return "" }
        if let length { return String(decoding: UnsafeBufferPointer(start: pointer, count: length), as: UTF8.self) }
        return String(cString: pointer)
    }

    private func optionalText(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

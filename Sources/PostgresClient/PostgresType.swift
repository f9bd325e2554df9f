/// A PostgreSQL type by its object id (`pg_type.oid`), which is what the wire protocol speaks of.
///
/// The named constants are the built-in ids of `pg_type.dat`, fixed since PostgreSQL 9.4. Types that a database defines
/// itself (enums, composites, extensions) have ids from 16384 on, which differ between databases.
package struct PostgresType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let bool = Self(rawValue: 16)
    package static let bytea = Self(rawValue: 17)
    package static let char = Self(rawValue: 18)
    package static let name = Self(rawValue: 19)
    package static let int8 = Self(rawValue: 20)
    package static let int2 = Self(rawValue: 21)
    package static let int4 = Self(rawValue: 23)
    package static let text = Self(rawValue: 25)
    package static let oid = Self(rawValue: 26)
    package static let json = Self(rawValue: 114)
    package static let xml = Self(rawValue: 142)
    package static let float4 = Self(rawValue: 700)
    package static let float8 = Self(rawValue: 701)
    package static let unknown = Self(rawValue: 705)
    package static let bpchar = Self(rawValue: 1042)
    package static let varchar = Self(rawValue: 1043)
    package static let date = Self(rawValue: 1082)
    package static let time = Self(rawValue: 1083)
    package static let timestamp = Self(rawValue: 1114)
    package static let timestamptz = Self(rawValue: 1184)
    package static let interval = Self(rawValue: 1186)
    package static let numeric = Self(rawValue: 1700)
    package static let void = Self(rawValue: 2278)
    package static let uuid = Self(rawValue: 2950)
    package static let jsonb = Self(rawValue: 3802)

    package static let jsonArray = Self(rawValue: 199)
    package static let boolArray = Self(rawValue: 1000)
    package static let byteaArray = Self(rawValue: 1001)
    package static let int2Array = Self(rawValue: 1005)
    package static let int4Array = Self(rawValue: 1007)
    package static let textArray = Self(rawValue: 1009)
    package static let int8Array = Self(rawValue: 1016)
    package static let float4Array = Self(rawValue: 1021)
    package static let float8Array = Self(rawValue: 1022)
    package static let timestamptzArray = Self(rawValue: 1185)
    package static let numericArray = Self(rawValue: 1231)
    package static let uuidArray = Self(rawValue: 2951)
    package static let jsonbArray = Self(rawValue: 3807)

    /// The first id that a database gives to types of its own.
    private static let firstUserDefined: UInt32 = 16384

    /// Whether the database defined the type itself.
    ///
    /// Enums are such types; their binary form is their label.
    package var isUserDefined: Bool { rawValue >= Self.firstUserDefined }

    /// Whether the binary form of the type is the UTF-8 text itself.
    var isTextLike: Bool {
        switch self {
        case .text, .varchar, .bpchar, .name, .char, .unknown, .json, .xml: true
        default: false
        }
    }

    /// The type's name as SQL spells it, or `type 16423` for one that is not built in.
    package var description: String {
        Self.names[self] ?? "type \(rawValue)"
    }

    private static let names: [PostgresType: String] = [
        .bool: "bool", .bytea: "bytea", .char: "\"char\"", .name: "name", .int8: "int8", .int2: "int2", .int4: "int4",
        .text: "text", .oid: "oid", .json: "json", .xml: "xml", .float4: "float4", .float8: "float8",
        .unknown: "unknown", .bpchar: "char(n)", .varchar: "varchar", .date: "date", .time: "time",
        .timestamp: "timestamp", .timestamptz: "timestamptz", .interval: "interval", .numeric: "numeric",
        .void: "void", .uuid: "uuid", .jsonb: "jsonb", .jsonArray: "json[]", .boolArray: "bool[]",
        .byteaArray: "bytea[]", .int2Array: "int2[]", .int4Array: "int4[]", .textArray: "text[]",
        .int8Array: "int8[]", .float4Array: "float4[]", .float8Array: "float8[]",
        .timestamptzArray: "timestamptz[]", .numericArray: "numeric[]", .uuidArray: "uuid[]", .jsonbArray: "jsonb[]",
    ]
}

/// How a value travels: PostgreSQL's binary send/receive form or its text form.
///
/// Raw values are those of the protocol.
package enum PostgresFormat: Int32, Sendable {
    case text = 0
    case binary = 1
}

// swift-tools-version: 6.2
import PackageDescription

// One settings array for every target: strict from the first line.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

func room(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: strict)
}

func program(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies,
        exclude: fixtures ? ["Fixtures"] : [], swiftSettings: strict)
}

// The order is the picture: values at the bottom, databases and networks in the middle, services above, programs last.
let package = Package(
    name: "cryptoflow",
    products: [.library(name: "CryptoFlowTasks", targets: ["CryptoFlowTasks"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // C libraries, and what Swift cannot call by itself.
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CLibCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CXGBoost", pkgConfig: "xgboost", providers: [.apt(["libxgboost-dev"])]),
        .systemLibrary(name: "CLinux"),
        .target(name: "CChildSpawn"),
        .target(name: "CProcessGuard"),

        // Values.
        room("CivilTime", []),
        room("SeededRandom", []),
        room("Timetables", ["CivilTime"]),
        room("DAGModel", ["CLibPCRE2", "CivilTime", "Timetables"]),
        room("Templates", ["CivilTime", "DAGModel"]),
        room("DAGDocument", ["CLibYAML", "CivilTime", "DAGModel", "Templates", "Timetables", crypto]),
        room("SchedulerCore", ["CivilTime", "DAGModel", "Timetables", deque, heap]),
        room("Collecting", ["CivilTime"]),

        // Databases, networks, processes.
        room("ActorQueues", []),
        room("PostgresClient", ["ActorQueues", "CLibPQ", "CivilTime", crypto, deque]),
        room("PrivateCluster", ["ActorQueues", "CChildSpawn", logging]),
        room("HTTPClient", ["CLibCurl"]),
        room("Markets", ["CivilTime", "HTTPClient"]),
        room("Execution", ["CLinux", "CProcessGuard", "CivilTime", "DAGModel", "Templates", "Timetables"]),
        room("Operators", ["CivilTime", "DAGModel", "Execution", "HTTPClient", "PostgresClient", "Templates"]),

        // Services.
        room(
            "RunStore",
            ["CivilTime", "DAGModel", "Execution", "PostgresClient", "SchedulerCore", "Timetables", logging]),
        room(
            "Scheduler",
            [
                "ActorQueues", "CLinux", "CivilTime", "DAGDocument", "DAGModel", "Execution", "RunStore",
                "SchedulerCore", "Timetables", lifecycle, logging,
            ]),

        // Workers on other machines.
        room(
            "Workers",
            [
                "ActorQueues", "CLinux", "CivilTime", "DAGModel", "Execution", "RunStore", "SchedulerCore",
                argumentParser,
                logging, unixSignals,
            ]),

        // For users' own programs: tasks in Swift, and their worker.
        room(
            "CryptoFlowTasks",
            [
                "CivilTime", "DAGModel", "Execution", "HTTPClient", "Operators", "RunStore", "SchedulerCore",
                "Timetables",
                "Workers", argumentParser, logging,
            ]),
        .executableTarget(
            name: "swift-tasks-example", dependencies: ["CryptoFlowTasks"],
            path: "Examples/SwiftTasks/Sources/SwiftTasks", swiftSettings: [.treatAllWarnings(as: .error)]),

        // The core and the order of its decisions, driven through years of disturbances.
        room("Simulation", ["CivilTime", "DAGModel", "RunStore", "SchedulerCore", "SeededRandom", "Timetables"]),
        program("cryptoflow-simulate", ["Simulation", argumentParser]),

        room(
            "Warehouse",
            [
                "CivilTime", "DAGModel", "Execution", "HTTPClient", "Markets", "PostgresClient", "SchedulerCore",
                logging,
            ]),

        // WebSockets, from both sides.
        room("WebSocketProtocol", [nioCore, nioWebSocket]),
        room(
            "WebSocketClient",
            ["CivilTime", "WebSocketProtocol", logging, nioCore, nioHTTP1, nioPosix, nioSSL, nioWebSocket]),
        room(
            "WebSocketServer",
            [
                "WebSocketProtocol", hummingbirdCore, httpTypes, logging, nioCore, nioHTTP1, nioHTTPTypes,
                nioHTTPTypesHTTP1, nioPosix,
                nioWebSocket,
            ]),

        // The real-time path: collectors, event bus, latest values, sinks.
        room(
            "Streaming",
            [
                "CivilTime", "Collecting", "HTTPClient", "Markets", "PostgresClient", "WebSocketClient",
                "WebSocketProtocol", deque,
                lifecycle, logging, nioCore,
            ]),

        // The recorded exchange.
        room(
            "RecordedExchange",
            [
                "CivilTime", "WebSocketProtocol", "WebSocketServer", hummingbird, httpTypes, lifecycle, logging,
                nioCore,
            ]),
        program(
            "cryptoflow-exchange",
            ["CivilTime", "RecordedExchange", argumentParser, lifecycle, logging, unixSignals]),

        // Logs of the programs: rotated files, and their search.
        room("LogFiles", ["ActorQueues", "CivilTime", logging]),

        room(
            "WebServer",
            [
                "CivilTime", "Collecting", "DAGModel", "Execution", "LogFiles", "RunStore", "SchedulerCore",
                "Timetables", "WebSocketProtocol", "WebSocketServer", hummingbird, httpTypes, lifecycle, logging,
                mustache, nioCore,
            ]),

        // Models: what is known of them; then the only room that links XGBoost, in a program of its own.
        room("ModelRegistry", ["CivilTime", "PostgresClient"]),
        room("Model", ["ActorQueues", "CXGBoost", "CivilTime", "ModelRegistry", "PostgresClient", crypto]),
        program(
            "cryptoflow-model", ["CivilTime", "Model", "ModelRegistry", "PostgresClient", argumentParser]),

        // Why something waits, from what the history holds.
        room("Explanations", ["CivilTime", "DAGModel", "RunStore", "SchedulerCore", "Timetables"]),

        // The command line, and the programs.
        room(
            "Commands",
            [
                "CivilTime", "Collecting", "DAGDocument", "DAGModel", "Execution", "Explanations", "LogFiles",
                "ModelRegistry", "RunStore", "SchedulerCore", "Timetables", argumentParser, logging,
            ]),
        // What a scheduler alone is made of: nothing that serves pages or streams, which would stay in its memory.
        room(
            "Hosting",
            [
                "CivilTime", "Commands", "DAGDocument", "DAGModel", "Execution", "HTTPClient", "Markets", "Operators",
                "PostgresClient", "PrivateCluster", "RunStore", "Scheduler", "SchedulerCore", "Warehouse", "Workers",
                argumentParser, lifecycle, logging,
            ]),
        room(
            "Programs",
            [
                "CivilTime", "Collecting", "Commands", "DAGDocument", "DAGModel", "Execution", "HTTPClient", "Hosting",
                "LogFiles", "Markets", "ModelRegistry", "Operators", "PostgresClient", "PrivateCluster",
                "RecordedExchange",
                "RunStore", "Scheduler", "SchedulerCore", "Streaming", "Timetables", "Warehouse", "WebServer",
                "Workers",
                argumentParser, lifecycle, logging, unixSignals,
            ]),
        program("cryptoflow", ["Commands", "Hosting", "Programs", argumentParser]),
        program(
            "cryptoflow-scheduler",
            ["CLinux", "Execution", "Hosting", "LogFiles", argumentParser, lifecycle, logging, unixSignals]),
        program(
            "cryptoflow-stream", ["Hosting", "LogFiles", "Programs", argumentParser, lifecycle, logging, unixSignals]),

        // A private PostgreSQL and programs for a while: for benchmarks and chaos.
        room("Lab", ["CChildSpawn", "PostgresClient", "PrivateCluster", "RunStore", logging]),
        room(
            "Benchmarks",
            [
                "CLinux", "CivilTime", "Collecting", "DAGDocument", "DAGModel", "Execution", "HTTPClient", "Lab",
                "Markets", "Operators", "PostgresClient", "RunStore", "Scheduler", "SchedulerCore", "Streaming",
                "Timetables", lifecycle, logging, nioCore, nioHTTP1, nioPosix, nioWebSocket,
            ]),
        program("cryptoflow-bench", ["Benchmarks", "Execution", "Lab", argumentParser]),
        room("Chaos", ["CivilTime", "Lab", "PostgresClient", "PrivateCluster", "SeededRandom"]),
        program("cryptoflow-chaos", ["Chaos", "Execution", "Lab", argumentParser]),

        // What tests share, and the tests.
        room("LoopbackHTTP", [], path: "Tests/LoopbackHTTP"),
        room(
            "LoopbackWebSocket", [nioCore, nioHTTP1, nioPosix, nioSSL, nioWebSocket], path: "Tests/LoopbackWebSocket"),
        room("TestClocks", [], path: "Tests/TestClocks"),
        room("TestSupport", ["PrivateCluster", logging], path: "Tests/TestSupport"),
        room("TestDatabases", ["PostgresClient", "TestSupport"], path: "Tests/TestDatabases"),
        tests(of: "CivilTime", ["SeededRandom"]),
        tests(of: "Timetables", ["CivilTime", "SeededRandom"], fixtures: true),
        tests(of: "Templates", ["CivilTime", "DAGModel", "SeededRandom"], fixtures: true),
        tests(of: "DAGDocument", ["CivilTime", "DAGModel", "Templates", "SeededRandom", "Timetables"]),
        tests(of: "SchedulerCore", ["CivilTime", "DAGModel", "RunStore", "SeededRandom", "Simulation", "Timetables"]),
        tests(of: "Simulation", []),
        tests(of: "PostgresClient", ["CLinux", "CivilTime"]),
        tests(of: "PrivateCluster", ["TestSupport", logging]),
        tests(of: "HTTPClient", ["LoopbackHTTP"]),
        room(
            "TestModels", ["CivilTime", "ModelRegistry", "PostgresClient", "TestDatabases", "TestSupport"],
            path: "Tests/TestModels"),
        tests(of: "ModelRegistry", ["CivilTime", "PostgresClient", "TestModels"]),
        tests(of: "Model", ["CivilTime", "ModelRegistry", "PostgresClient", "TestDatabases", "SeededRandom"]),
        tests(of: "LogFiles", ["CivilTime", logging]),
        tests(
            of: "WebSocketClient",
            ["CivilTime", "LoopbackHTTP", "LoopbackWebSocket", "WebSocketProtocol", nioCore, nioWebSocket]),
        tests(
            of: "WebSocketServer",
            ["LoopbackHTTP", "WebSocketProtocol", hummingbird, httpTypes, lifecycle, logging, nioCore]),
        tests(
            of: "Streaming",
            [
                "CivilTime", "Collecting", "HTTPClient", "LoopbackHTTP", "LoopbackWebSocket", "Markets",
                "PostgresClient", "TestDatabases", "SeededRandom", "WebSocketClient", "WebSocketServer", lifecycle,
                logging, nioCore,
            ]),
        tests(
            of: "Markets", ["CivilTime", "HTTPClient", "LoopbackHTTP", "SeededRandom", "TestClocks"], fixtures: true),
        tests(of: "Execution", ["CivilTime", "DAGModel", "Timetables"]),
        tests(
            of: "Operators",
            [
                "CivilTime", "DAGDocument", "DAGModel", "Execution", "HTTPClient", "LoopbackHTTP", "PostgresClient",
                "TestSupport",
                "Timetables",
            ]),
        tests(
            of: "RunStore",
            [
                "CivilTime", "DAGModel", "Execution", "PostgresClient", "SchedulerCore", "TestDatabases",
                "SeededRandom",
                "TestSupport",
                "Timetables", logging,
            ]),
        tests(
            of: "Scheduler",
            [
                "CivilTime", "DAGDocument", "DAGModel", "Execution", "PostgresClient", "RunStore", "SchedulerCore",
                "TestDatabases",
                "TestSupport", "Timetables", lifecycle, logging,
            ]),
        tests(
            of: "Workers", ["CivilTime", "DAGModel", "Execution", "RunStore", "SchedulerCore", "Timetables", logging]),
        tests(
            of: "Warehouse",
            [
                "CivilTime", "DAGModel", "Execution", "HTTPClient", "LoopbackHTTP", "Markets", "PostgresClient",
                "SchedulerCore", "TestClocks", "TestDatabases", "TestSupport", "Timetables",
            ], fixtures: true),
        tests(
            of: "WebServer",
            [
                "CivilTime", "Collecting", "DAGModel", "Execution", "LogFiles", "PrivateCluster", "RunStore",
                "SchedulerCore", "SeededRandom", "TestSupport", "Timetables", "WebSocketServer", logging, nioCore,
            ]),
        tests(
            of: "RecordedExchange",
            ["CivilTime", "HTTPClient", "LoopbackHTTP", "Markets", "WebSocketServer", lifecycle, logging],
            fixtures: true),
        tests(
            of: "Commands",
            [
                "CivilTime", "Collecting", "DAGDocument", "DAGModel", "Execution", "LogFiles", "ModelRegistry",
                "RunStore", "SchedulerCore", "TestModels", "Timetables", argumentParser, logging,
            ]),
        tests(of: "Lab", ["PrivateCluster", "TestSupport"]),
        tests(of: "Chaos", ["Lab", "PostgresClient", "PrivateCluster", "TestSupport"]),
        .testTarget(
            name: "ProgramsTests",
            dependencies: [
                "CChildSpawn", "Chaos", "CivilTime", "Commands", "DAGModel", "HTTPClient", "Hosting", "LoopbackHTTP",
                "ModelRegistry",
                "PostgresClient", "PrivateCluster", "Programs", "TestModels", "SeededRandom", "TestSupport",
                "WebServer", "cryptoflow", "cryptoflow-chaos", "cryptoflow-exchange", "cryptoflow-model",
                "cryptoflow-scheduler", "cryptoflow-simulate", "cryptoflow-stream", "swift-tasks-example",
                argumentParser,
                logging,
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// While working on a few rooms: `CRYPTOFLOW_TESTS=Markets,Streaming swift build --build-tests` builds just the tests of
// these rooms and what they need.
if let named = Context.environment["CRYPTOFLOW_TESTS"], !named.isEmpty {
    let byName = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var wanted: Set<String> = []
    var open = named.split(separator: ",").map { "\($0)Tests" }
    while let name = open.popLast() {
        guard let target = byName[name], wanted.insert(name).inserted else { continue }
        for case .byNameItem(let dependency, _) in target.dependencies { open.append(dependency) }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    if !wanted.contains("CryptoFlowTasks") { package.products = [] }
}

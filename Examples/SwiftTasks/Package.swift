// swift-tools-version: 6.2
import PackageDescription

// A worker of your own: tasks of DAGs as Swift functions. Here CryptoFlow is two folders up; elsewhere, name its URL.
let package = Package(
    name: "SwiftTasks",
    dependencies: [.package(name: "cryptoflow", path: "../..")],
    targets: [
        .executableTarget(
            name: "SwiftTasks", dependencies: [.product(name: "CryptoFlowTasks", package: "cryptoflow")])
    ],
    swiftLanguageModes: [.v6]
)

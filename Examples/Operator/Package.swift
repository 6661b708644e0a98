// swift-tools-version: 6.2
import PackageDescription

// A package of its own, like a stranger's: it sees only what is public. `run` builds it.
let package = Package(
  name: "operator",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "tend", path: "../.."),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "Operator",
      dependencies: [
        .product(name: "Tend", package: "tend"),
        .product(name: "TendEngine", package: "tend"),
        .product(name: "TendGit", package: "tend"),
        .product(name: "TendSQLite", package: "tend"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
      ])
  ]
)

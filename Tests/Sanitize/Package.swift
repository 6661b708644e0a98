// swift-tools-version: 6.2
import PackageDescription

// The core and its tests alone, for the copy that Tests/sanitize makes.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "tend",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .target(name: "Tend", swiftSettings: settings),
    .target(
      name: "TendEngine",
      dependencies: [
        "Tend", .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: settings),
    .target(name: "TendTesting", dependencies: ["Tend", "TendEngine"], swiftSettings: settings),
    .testTarget(name: "TendTests", dependencies: ["Tend"], swiftSettings: settings),
    .testTarget(
      name: "TendEngineTests", dependencies: ["Tend", "TendEngine", "TendTesting"],
      swiftSettings: settings),
  ]
)

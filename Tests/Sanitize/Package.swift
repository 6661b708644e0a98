// swift-tools-version: 6.2
import PackageDescription

// The core and its tests alone, for the copy that Tests/sanitize makes.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let loggingTesting = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let metricsTesting = Target.Dependency.product(
  name: "MetricsTestKit", package: "swift-metrics")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let instrumentation = Target.Dependency.product(
  name: "Instrumentation", package: "swift-distributed-tracing")
let tracingTesting = Target.Dependency.product(
  name: "InMemoryTracing", package: "swift-distributed-tracing")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")

let package = Package(
  name: "tend",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    module("Tend"),
    module("TendEngine", ["Tend", logging, metrics, tracing, instrumentation, lifecycle]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1"),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib"),
    .systemLibrary(name: "CJansson", pkgConfig: "jansson"),
    module("TendManifest", ["Tend", "CYAML", "CJansson", "CZlib"]),
    module("TendTesting", ["Tend", "TendEngine", "TendManifest"]),
    module("TendSimulation", ["Tend", "TendEngine", "TendTesting", logging]),
    tests("TendTests", ["Tend"]),
    tests(
      "TendEngineTests",
      [
        "Tend", "TendEngine", "TendTesting", "TendSimulation", logging, loggingTesting, metrics,
        metricsTesting, tracing, instrumentation, tracingTesting,
      ]),
  ]
)

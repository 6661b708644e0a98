// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is held to the same rules; see CONTRIBUTING.md.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

/// One module and all that it may import: the table of the design, checked by HouseRulesTests.
func module(
  _ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil
) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

/// A plugin is built like a stranger's: it sees only what is public.
func plugin(
  _ name: String, _ dependencies: [Target.Dependency], excluding: [String] = []
) -> Target {
  .target(
    name: name, dependencies: ["Tend"] + dependencies, path: "Plugins/\(name)",
    exclude: excluding, packageAccess: false, swiftSettings: settings)
}

/// The tests of one module or of several together.
func tests(
  _ name: String, _ dependencies: [Target.Dependency], excluding: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: excluding, swiftSettings: settings)
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
let signals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let httpClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioCompression = Target.Dependency.product(
  name: "NIOHTTPCompression", package: "swift-nio-extras")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let arguments = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "tend",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Tend", targets: ["Tend"]),
    .library(name: "TendEngine", targets: ["TendEngine"]),
    .library(name: "TendManifest", targets: ["TendManifest"]),
    .library(name: "TendGit", targets: ["TendGit"]),
    .library(name: "TendSQLite", targets: ["TendSQLite"]),
    .library(name: "TendAgent", targets: ["TendAgent"]),
    .library(name: "TendTesting", targets: ["TendTesting"]),
    .library(name: "TendSimulation", targets: ["TendSimulation"]),
    .library(name: "TendCLI", targets: ["TendCLI"]),
    .library(name: "TendFiles", targets: ["TendFiles"]),
    .library(name: "TendProcesses", targets: ["TendProcesses"]),
    .library(name: "TendHTTP", targets: ["TendHTTP"]),
    .executable(name: "tend", targets: ["tend"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
  ],
  targets: [
    module("Tend"),
    module("TendEngine", ["Tend", logging, metrics, tracing, instrumentation, lifecycle]),
    .systemLibrary(
      name: "CYAML", path: "Sources/CYAML", pkgConfig: "yaml-0.1",
      providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CJansson", path: "Sources/CJansson", pkgConfig: "jansson",
      providers: [.apt(["libjansson-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    module("TendManifest", ["Tend", "CYAML", "CJansson", "CZlib"]),
    module(
      "TendGit", ["Tend", "TendEngine", "TendManifest", subprocess, system, logging, metrics]),
    module("TendSQLite", ["Tend", "TendEngine", grdb, crypto]),
    .systemLibrary(name: "CTendAgent", path: "Sources/CTendAgent"),
    module(
      "TendAgent",
      [
        "Tend", "CTendAgent", "TendEngine", "TendManifest", "TendGit", "TendSQLite", logging,
        metrics, lifecycle,
      ]),
    module("TendTesting", ["Tend", "TendEngine", "TendManifest"]),
    module("TendSimulation", ["Tend", "TendEngine", "TendTesting", logging]),
    module(
      "TendCLI",
      [
        "Tend", "TendEngine", "TendManifest", "TendGit", "TendSQLite", "TendAgent", arguments,
        logging, lifecycle, signals,
      ]),
    .target(name: "CTendFiles", path: "Plugins/TendFiles/CTendFiles"),
    plugin("TendFiles", ["CTendFiles", crypto], excluding: ["CTendFiles"]),
    .target(name: "CTendProcesses", path: "Plugins/TendProcesses/CTendProcesses"),
    plugin("TendProcesses", ["CTendProcesses", crypto], excluding: ["CTendProcesses"]),
    plugin(
      "TendHTTP",
      [
        "CJansson", crypto, httpClient, nioCore, nioPosix, nioHTTP1, nioSSL, nioCompression,
      ], excluding: ["Definitions"]),
    .executableTarget(
      name: "tend", dependencies: ["TendCLI", "TendFiles", "TendHTTP", "TendProcesses"],
      path: "Examples/Agent",
      exclude: ["run", "build-release", "tend-agent.service", "tend-agent-user.conf"],
      swiftSettings: settings),

    tests("TendTests", ["Tend"]),
    tests(
      "TendEngineTests",
      [
        "Tend", "TendEngine", "TendTesting", "TendSimulation", logging, loggingTesting, metrics,
        metricsTesting, tracing, instrumentation, tracingTesting,
      ]),
    tests("TendTestingTests", ["Tend", "TendTesting"]),
    tests("TendSimulationTests", ["Tend", "TendEngine", "TendTesting", "TendSimulation"]),
    tests("TendManifestTests", ["Tend", "TendManifest"], excluding: ["Corpus"]),
    module("TestSupport", [subprocess, system], path: "Tests/TestSupport"),
    .executableTarget(name: "failpoint", path: "Tests/FailPoint"),
    tests(
      "TendGitTests",
      ["Tend", "TendEngine", "TendManifest", "TendGit", "TestSupport", subprocess, system]),
    tests(
      "TendSQLiteTests", ["Tend", "TendEngine", "TendSQLite", "TestSupport", grdb],
      excluding: ["Corpus"]),
    tests("TendFilesTests", ["Tend", "TendFiles", "CTendFiles", "TendTesting", crypto]),
    tests(
      "TendProcessesTests",
      ["Tend", "TendEngine", "TendTesting", "TendProcesses", "CTendProcesses", "TestSupport"]),
    tests(
      "TendHTTPTests",
      [
        "Tend", "TendHTTP", "TendManifest", "TendTesting", "TestSupport", nioCore, nioPosix, nioSSL,
        subprocess, system,
      ], excluding: ["Corpus"]),
    tests(
      "TendAgentTests",
      [
        "Tend", "TendEngine", "TendTesting", "TendGit", "TendManifest", "TendSQLite", "TendAgent",
        "CTendAgent", "TestSupport", logging, metrics,
      ]),
    tests(
      "CommandTests",
      [
        "Tend", "TendEngine", "TendAgent", "TendCLI", "tend", "TestSupport", arguments, subprocess,
        system,
      ], excluding: ["Corpus"]),
    tests(
      "IntegrationTests",
      ["tend", "TestSupport", nioCore, nioPosix, nioHTTP1, subprocess, system]),
    tests("HouseRulesTests", []),
  ]
)

import Foundation

/// nginx on loopback, which answers for items that are as they are declared.
struct WebServer {
  static let program = "/usr/sbin/nginx"

  let port: UInt16
  private let folder: String
  private let process: pid_t

  /// Starts it; with a log of the moment of each request where those are counted.
  init(items count: Int, countsRequests: Bool = false) throws {
    folder = FileManager.default.temporaryDirectory.path() + "/nginx-\(getpid())"
    port = try Self.freePort()
    try FileManager.default.createDirectory(
      atPath: folder + "/temporary", withIntermediateDirectories: true)
    try Self.list(count).write(toFile: folder + "/list.json", atomically: true, encoding: .utf8)
    let path = folder + "/nginx.conf"
    try Self.configuration(folder, port, countsRequests)
      .write(toFile: path, atomically: true, encoding: .utf8)
    process = try Command.begin(Self.program, ["-c", path, "-e", folder + "/error.log"])
    do {
      try Self.wait(for: "nginx") { (try? curl(["--fail", url("/items")])) != nil }
    } catch {
      end()
      throw error
    }
  }

  func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

  /// Ends it.
  func end() {
    kill(process, SIGTERM)
    waitpid(process, nil, 0)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The moments of all requests so far, in milliseconds since 1970, in their order.
  func requests() throws -> [Int64] {
    // A request is logged once its response is on its way.
    Measure.sleep(0.05)
    return try String(contentsOfFile: folder + "/access.log", encoding: .utf8)
      .split(separator: "\n").compactMap { Int64($0.filter { $0 != "." }) }.sorted()
  }

  /// One item as the service shows it, `number` in place of its number.
  private static func item(_ number: String) -> String {
    """
    {"name":"i\(number)","size":10,"owner":"team-a","tags":["blue","large"],"state":"ready",\
    "created":"2026-01-01T00:00:00Z"}
    """
  }

  private static func list(_ count: Int) -> String {
    "[" + (0..<count).map { item("\($0)") }.joined(separator: ",\n") + "]"
  }

  private static func configuration(_ folder: String, _ port: UInt16, _ isLogged: Bool) -> String {
    let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map { "\($0)_temp_path \(folder)/temporary;" }.joined(separator: " ")
    return """
      daemon off;
      worker_processes 1;
      pid \(folder)/nginx.pid;
      events { worker_connections 256; }
      http {
        \(paths)
        log_format moment '$msec';
        access_log \(isLogged ? "\(folder)/access.log moment" : "off");
        default_type application/json;
        server {
          listen 127.0.0.1:\(port);
          location = /items { alias \(folder)/list.json; }
          location ~ "^/items/i(?<number>[0-9]+)$" { return 200 '\(item("$number"))'; }
        }
      }

      """
  }

  /// A port that nobody listens on.
  static func freePort() throws -> UInt16 {
    let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(socket) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { bytes in
        bind(socket, bytes.baseAddress, size) == 0
          ? getsockname(socket, bytes.baseAddress, &size) : -1
      }
    }
    guard socket >= 0, code == 0 else { throw Program.Failure(description: "no port is free") }
    return UInt16(bigEndian: address.sin_port)
  }

  /// Looks every tenth of a second.
  static func wait(
    for what: String, seconds: Int = 120, until isDone: () throws -> Bool
  ) throws {
    for _ in 0..<10 * seconds {
      if try isDone() { return }
      Measure.sleep(0.1)
    }
    throw Program.Failure(description: "\(what) did not come about within \(seconds) s")
  }
}

/// Runs curl without output of its own.
@discardableResult
func curl(_ arguments: [String]) throws -> Command.Usage {
  try Command.run("curl", ["--silent", "--output", "/dev/null"] + arguments)
}

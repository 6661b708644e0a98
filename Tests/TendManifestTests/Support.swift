import Glibc
import Tend

@testable import TendManifest

/// Reads a text as the file of this name.
func parse(
  _ text: String, _ file: String = "a.yaml", limits: ManifestLimits = ManifestLimits()
) -> DocumentParser.Parsed {
  DocumentParser(limits: limits).parse(Array(text.utf8), file: file)
}

/// The only value of a text without mistakes; nil where there are any.
func value(_ text: String, _ file: String = "a.yaml") -> Value? {
  let parsed = parse(text, file)
  return parsed.diagnostics.isEmpty && parsed.documents.count == 1
    ? parsed.documents.first?.value : nil
}

/// The diagnostics of a text, one a line.
func mistakes(
  _ text: String, _ file: String = "a.yaml", limits: ManifestLimits = ManifestLimits()
) -> [String] {
  parse(text, file, limits: limits).diagnostics.sorted.all.map(\.description)
}

/// Reads manifests given as path and text.
func read(_ files: [(String, String)], _ reader: ManifestReader = ManifestReader())
  -> ManifestReader.Reading
{
  reader.read(files.map { ManifestFile(path: $0.0, bytes: Array($0.1.utf8)) })
}

/// A manifest that has no mistakes.
func manifest(_ name: String, kind: String = "File", more: String = "") -> String {
  """
  apiVersion: files/v1
  kind: \(kind)
  metadata:
    name: \(name)
  \(more.isEmpty ? "" : more + "\n")spec:
    path: /etc/\(name)
    content: "hello\\n"
    mode: "0644"

  """
}

/// What this thread has used, so that a busy machine makes no test fail.
func processorTime() -> Duration {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var result = state
    result = (result ^ (result >> 30)) &* 0xBF58_476D_1CE4_E5B9
    result = (result ^ (result >> 27)) &* 0x94D0_49BB_1331_11EB
    return result ^ (result >> 31)
  }
}

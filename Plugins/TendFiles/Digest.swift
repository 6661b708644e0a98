internal import Crypto
internal import Tend

/// What identifies the bytes of a file, in a form that costs no allocation.
///
/// Two are equal only where the algorithm is the same. It tells what the bytes are to anybody who
/// can guess them: what is remembered of content that may be secret is keyed.
struct Digest: Hashable, Sendable {
  enum Algorithm: UInt8, Sendable {
    /// SHA-256 over the bytes.
    case sha256 = 1
    /// SHA-1 over `blob SIZE`, NUL and the bytes, as Git does.
    case gitBlob = 2
    /// Keyed by the engine, over another digest.
    case keyed = 3
  }

  let algorithm: Algorithm
  private let words: (UInt64, UInt64, UInt64, UInt64)

  /// Takes the first 32 bytes; the missing ones are zero.
  init(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) {
    self.algorithm = algorithm
    var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    withUnsafeMutableBytes(of: &words) { buffer in
      for (index, byte) in zip(buffer.indices, bytes) { buffer[index] = byte }
    }
    self.words = words
  }

  /// Reads hexadecimal digits; nil where there are others.
  init?(_ algorithm: Algorithm, hexadecimal text: String) {
    guard let bytes = [UInt8](hexadecimal: text), bytes.count <= 32 else { return nil }
    self.init(algorithm, bytes)
  }

  /// The digest of what a manifest's source says; nil where it is malformed.
  init?(_ digest: ContentDigest) {
    switch digest {
    case .sha256(let text): self.init(.sha256, hexadecimal: text)
    case .gitBlob(let text): self.init(.gitBlob, hexadecimal: text)
    }
  }

  /// The digest that the engine's key makes of this one.
  func keyed(by context: Context) -> Digest {
    let text = context.digest(of: Sensitive("\(algorithm.rawValue):\(hexadecimal)"))
    // Whatever form the engine gives it: hashing keeps it keyed and makes its length known.
    return Digest(.keyed, SHA256.hash(data: Array(text.utf8)))
  }

  /// Its first bytes: enough to tell keyed ones apart, since nobody can choose those.
  var beginning: UInt64 { words.0 }

  /// All its bytes, in hexadecimal digits.
  var hexadecimal: String {
    let length = algorithm == .gitBlob ? 20 : 32
    return withUnsafeBytes(of: words) { $0.prefix(length).hexadecimal }
  }

  static func == (left: Digest, right: Digest) -> Bool {
    left.algorithm == right.algorithm && left.words == right.words
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(words.0)
  }
}

extension Digest: CustomStringConvertible {
  /// The algorithm and enough digits to tell two apart.
  var description: String {
    let name =
      switch algorithm {
      case .sha256: "sha256"
      case .gitBlob: "git"
      case .keyed: "keyed"
      }
    return "\(name):\(hexadecimal.prefix(12))"
  }
}

/// Computes a digest piece by piece.
struct Digester {
  private enum State {
    case sha256(SHA256)
    case gitBlob(Insecure.SHA1)
  }
  private var state: State

  /// `size` is that of the whole; Git's digest begins with it.
  init(_ algorithm: Digest.Algorithm, size: Int) {
    if algorithm == .gitBlob {
      var hash = Insecure.SHA1()
      hash.update(data: Array("blob \(size)\0".utf8))
      state = .gitBlob(hash)
    } else {
      state = .sha256(SHA256())
    }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    switch state {
    case .sha256(var hash):
      hash.update(bufferPointer: bytes)
      state = .sha256(hash)
    case .gitBlob(var hash):
      hash.update(bufferPointer: bytes)
      state = .gitBlob(hash)
    }
  }

  func finish() -> Digest {
    switch state {
    case .sha256(let hash): Digest(.sha256, hash.finalize())
    case .gitBlob(let hash): Digest(.gitBlob, hash.finalize())
    }
  }

  /// The digest of bytes that are at hand.
  static func digest(_ algorithm: Digest.Algorithm, of bytes: [UInt8]) -> Digest {
    var digester = Digester(algorithm, size: bytes.count)
    bytes.withUnsafeBytes { digester.update($0) }
    return digester.finish()
  }
}

import Subprocess
import Tend
import TendEngine
import Testing

@testable import TendGit

@Suite("What sources read and write as values")
struct ValueTests {
  @Test(
    "an address is shown without a user or a password",
    arguments: [
      ("https://host/a.git", "https://host/a.git"),
      ("https://user@host/a.git", "https://host/a.git"),
      ("https://user:canary@host:8443/a.git", "https://host:8443/a.git"),
      ("https://u:can@ary@host/a", "https://host/a"),
      ("https://user:canary@host", "https://host"),
      ("ssh://git@host/a", "ssh://git@host/a"), ("git@host:a/b.git", "git@host:a/b.git"),
      ("/srv/a.git", "/srv/a.git"), ("file:///srv/a.git", "file:///srv/a.git"),
    ])
  func addresses(_ text: String, _ shown: String) throws {
    let address = try RepositoryAddress(text)
    #expect("\(address)" == shown)
    #expect(!address.remote.contains("canary"))
    #expect(!String(reflecting: address).contains("canary"))
    var dumped = ""
    dump(address, to: &dumped)
    #expect(!dumped.contains("canary"))
  }

  @Test("a password is decoded for its header, and redacted in every form")
  func header() throws {
    let address = try RepositoryAddress("https://me:p%40ss%3Aword@host/a")
    #expect(
      address.authorization?.header.reveal() == "Authorization: Basic bWU6cEBzczp3b3Jk")
    #expect(address.authorization?.scope == "https://host")
    let said = "for me:p%40ss%3Aword and p@ss:word and bWU6cEBzczp3b3Jk"
    #expect(address.redact(said) == "for *** and *** and ***")
  }

  @Test("a short name before a password is no token, and is left in the words of a message")
  func shortName() throws {
    let address = try RepositoryAddress("https://x:canary@host/a")
    #expect(address.redact("x:canary met an unexpected exit") == "*** met an unexpected exit")
    let token = try RepositoryAddress("https://token:canary@host/a")
    #expect(token.redact("token and canary") == "*** and ***")
  }

  @Test(
    "Base64 is that of RFC 4648, section 10",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ])
  func base64(_ text: String, _ encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
  }

  @Test("of the environment only what is known to be needed is handed on")
  func environment() throws {
    let surrounding = [
      "HOME": "/home/me", "SSH_AUTH_SOCK": "/run/agent", "https_proxy": "http://proxy",
      "GIT_DIR": "/evil", "GIT_TRACE": "1", "GIT_CONFIG_PARAMETERS": "'a'='b'",
      "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/evil", "LD_PRELOAD": "/evil.so",
      "GIT_ASKPASS": "/evil", "GIT_EXTERNAL_DIFF": "/evil", "GIT_CONFIG_COUNT": "1",
    ]
    let environment = GitEnvironment { surrounding[$0] }
    let plain = try RepositoryAddress("https://host/a")
    for text in [environment.local.description, environment.remote(plain).description] {
      #expect(text.contains("/home/me"))
      #expect(!text.contains("evil"))
      for name in ["GIT_DIR", "GIT_TRACE", "LD_PRELOAD", "GIT_CONFIG_COUNT"] {
        #expect(!text.contains(name), "\(name)")
      }
    }
    let secret = try RepositoryAddress("https://me:pw@host/a")
    let text = environment.remote(secret).description
    #expect(text.contains("http.https://host/.extraHeader"))
  }

  @Test("a commit is read with its tree, parents, author and subject")
  func commit() throws {
    let id = try #require(ObjectID(hex: String(repeating: "12", count: 20).utf8))
    let other = String(repeating: "ab", count: 20)
    let text = """
      tree \(other)
      parent \(id)
      parent \(other)
      author Ada L. <ada@x> 1700000000 +0100
      committer Grace <g@x> 1700000001 +0000
      gpgsig -----BEGIN PGP SIGNATURE-----
       author Mallory <m@x> 1 +0000
       -----END PGP SIGNATURE-----

      Subject

      author Nobody <n@x> 2 +0000

      """
    let commit = try #require(CommitObject(id, Array(text.utf8)))
    #expect(commit.tree.description == other)
    #expect(commit.parents.map(\.description) == [id.description, other])
    #expect(commit.revision.author == "Ada L. <ada@x>")
    #expect(commit.revision.time == Timestamp(seconds: 1_700_000_000))
    #expect(commit.revision.message == "Subject")
  }

  @Test("objects of any bytes are read or refused, and never trap")
  func garbage() throws {
    var random = SplitMix(seed: 7)
    let id = try #require(ObjectID(hex: String(repeating: "12", count: 20).utf8))
    let tree = Array("100644 a.yaml\0".utf8) + [UInt8](repeating: 9, count: 20)
    #expect(TreeObject(tree)?.entries.count == 1)
    #expect(TreeObject([])?.entries.isEmpty == true)
    for _ in 0..<20_000 {
      var bytes = tree + tree
      for _ in 0..<Int(random.next() % 8) {
        bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      bytes.removeLast(Int(random.next() % UInt64(bytes.count)))
      for entry in TreeObject(bytes)?.entries ?? [] {
        #expect(!entry.name.isEmpty && entry.name != ".." && !entry.name.contains("/"))
      }
      _ = CommitObject(id, bytes)
    }
  }

  @Test("an id is 40 digits of either case, and is written in lower case")
  func ids() {
    let text = "0123456789abcdefABCDEF000000000000000fff"
    #expect(ObjectID(hex: text.utf8)?.description == text.lowercased())
    for wrong in ["", "abc", text + "0", String(text.dropLast()) + "g", " " + text.dropFirst()] {
      #expect(ObjectID(hex: wrong.utf8) == nil)
    }
  }

  @Test("what git says last is kept without its progress")
  func lastWords() {
    let said =
      "Receiving objects:  10% (1/10)\rReceiving objects: 100% (10/10)\nfatal: no\r\n\nend\n"
    #expect(LastWords.text(said.utf8) == "fatal: no | end")
  }
}

/// Numbers that are the same in each run.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

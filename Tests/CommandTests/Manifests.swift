import TestSupport

/// Manifests that tests share.
extension Command {
  /// A directory, a file in it, and a link to the file.
  func writeDesired(_ text: String = "hello", to path: String = "desired/site.yaml") throws {
    try folder.write(
      """
      apiVersion: files/v1
      kind: Directory
      metadata:
        name: world
      spec:
        path: \(world)
      ---
      apiVersion: files/v1
      kind: File
      metadata:
        name: motd
      spec:
        path: \(world)/motd
        content: |
          \(text)
          world
        mode: "0644"
      ---
      apiVersion: files/v1
      kind: Symlink
      metadata:
        name: link
      spec:
        path: \(world)/link
        target: motd

      """, to: path)
  }

  /// One file of its own.
  func file(_ name: String, content: String = "x\\n") -> String {
    """
    apiVersion: files/v1
    kind: File
    metadata: {name: \(name)}
    spec:
      path: \(folder.path("lone-\(name)"))
      content: "\(content)"

    """
  }
}

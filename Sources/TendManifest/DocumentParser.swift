public import Tend

/// Reads the documents of a YAML or JSON text, within limits.
///
/// Scalars follow the core schema of YAML 1.2, so `no` and `on` are text and `0644` is the integer
/// 644. Anchors, aliases and merge keys (`<<`) are followed. Refused, each with its place: keys
/// that stand twice or are not text, numbers beyond 64 bits, infinity, tags other than the core
/// ones, NUL, control characters, characters that change the direction of text (write them as an
/// escape), and what is not UTF-8. An error quotes no value, since any may be a secret.
public struct DocumentParser: Sendable {
  /// The bounds that are checked while a text is read.
  public let limits: ManifestLimits

  /// A parser with these bounds.
  public init(limits: ManifestLimits = ManifestLimits()) {
    self.limits = limits
  }

  /// What was read of a text.
  public struct Parsed: Sendable {
    /// The documents that could be read, in order; empty ones are left out.
    public let documents: [Document]
    /// All that is wrong with the text.
    public let diagnostics: Diagnostics
  }

  /// Reads all documents of a text.
  ///
  /// `file` is the name that errors print; one that ends in `.json` is read as JSON (RFC 8259), all
  /// others as YAML. After an error of syntax, or a limit, the rest of the text is not read.
  public func parse(_ bytes: [UInt8], file: String) -> Parsed {
    if bytes.count > limits.fileBytes + 3 {
      return Parsed(
        documents: [],
        diagnostics: Diagnostics([TextCheck.tooLarge(file, size: bytes.count, limits)]))
    }
    let text = SourceText(file: file, bytes: bytes)
    if let problem = TextCheck.problem(in: text, limits: limits) {
      return Parsed(documents: [], diagnostics: Diagnostics([problem]))
    }
    switch text.format {
    case .yaml:
      var builder = TreeBuilder(text, limits: limits)
      builder.read()
      return parsed(text, builder.documents, builder.diagnostics)
    case .json:
      var builder = JSONBuilder(text, limits: limits)
      builder.read()
      return parsed(text, builder.document.map { [$0] } ?? [], builder.diagnostics)
    }
  }

  private func parsed(
    _ text: SourceText, _ trees: [DocumentTree], _ diagnostics: DiagnosticList
  ) -> Parsed {
    let kept = KeptText(text)
    return Parsed(
      documents: trees.map { tree in
        Document(
          value: tree.value, place: text.place(tree.line, tree.column),
          text: kept, line: tree.firstLine)
      },
      diagnostics: Diagnostics(diagnostics.all))
  }
}

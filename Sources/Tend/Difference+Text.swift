extension Difference {
  /// The two texts of a large field, such as the content of a file.
  public struct Text: Sendable {
    /// As it is, nil where absent or not text.
    public var actual: String?
    /// As it should be, nil where it is not text.
    ///
    /// What has to be read for it is read at each call.
    public var desired: String? {
      get { read() }
      set { read = { newValue } }
    }

    private var read: @Sendable () -> String?

    /// Pairs two texts.
    ///
    /// Both are bounded by the provider that shows them.
    public init(actual: String?, desired: String?) {
      self.init(actual: actual) { desired }
    }

    /// Pairs a text with one that is read once somebody wants to see it.
    ///
    /// For what is compared far more often than shown. `desired` always gives the same.
    public init(actual: String?, desired: @escaping @Sendable () -> String?) {
      self.actual = actual
      read = desired
    }
  }
}

extension Difference.Text: Hashable {
  /// Compares both texts.
  public static func == (left: Self, right: Self) -> Bool {
    left.actual == right.actual && left.desired == right.desired
  }

  /// Hashes both texts.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(actual)
    hasher.combine(desired)
  }
}

extension Difference.Text: CustomReflectable {
  /// Shows both texts.
  public var customMirror: Mirror {
    Mirror(self, children: ["actual": actual as Any, "desired": desired as Any])
  }
}

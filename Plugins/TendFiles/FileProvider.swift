public import Tend

/// Keeps files, directories and symbolic links as they are declared: `files/v1`.
///
/// Content is replaced in one step and is durable before a change counts as done; what is there
/// besides is never touched, and nothing is removed recursively. Its calls block, and run on 16
/// threads of its own: enough for the journal of a file system to make many files durable at once.
public struct FileProvider: Provider, Linking, DriftReporting {
  /// What is served: all three kinds.
  public typealias Desired = EntrySpec

  /// What one provider may be told.
  public struct Configuration: Sendable {
    /// The directory that all paths lie below, also those that links lead to.
    ///
    /// For tests and for building images. Default: none, paths are those of the machine. Names of
    /// users and groups are always those of the machine.
    public var root: String?
    /// How many calls run at once.
    ///
    /// Default: 16, with which the durable creation of many files takes about a quarter of the time
    /// of one by one.
    public var threads = 16
    /// How many directories are held open, each with one descriptor.
    ///
    /// Default: 256, a quarter of the descriptors that a process gets where nothing else is said.
    public var heldDirectories = 256
    /// Tells one run of an agent from another in the names of temporary files.
    ///
    /// Default: random.
    public var seed: UInt64

    /// The defaults, below a root where one is given.
    public init(root: String? = nil) {
      var generator = SystemRandomNumberGenerator()
      self.root = root
      seed = generator.next()
    }
  }

  /// `File`, `Directory` and `Symlink`.
  public let kinds: [Kind<EntrySpec>]
  /// Threads of its own.
  public let execution: Execution

  let directories: DirectoryCache
  let watch: EntryWatch
  let witnesses = Witnesses()
  let accounts = Accounts()
  let names: TemporaryNames
  /// The directory that all paths lie below; nil for that of the machine.
  let root: String?

  /// Serves the files of this machine, or those below a root.
  public init(_ configuration: Configuration = Configuration()) {
    let parents = LastParent()
    kinds = [
      Kind("files/v1 File", FileSchemas.file) { (declaration: Declaration) throws(Diagnostics) in
        try EntrySpec.file(declaration, parents)
      },
      Kind("files/v1 Directory", FileSchemas.directory) {
        (declaration: Declaration) throws(Diagnostics) in
        try EntrySpec.directory(declaration, parents)
      },
      Kind("files/v1 Symlink", FileSchemas.link) {
        (declaration: Declaration) throws(Diagnostics) in
        try EntrySpec.link(declaration, parents)
      },
    ]
    execution = .threads(configuration.threads)
    root = configuration.root
    names = TemporaryNames(seed: configuration.seed)
    directories = DirectoryCache(
      walk: PathWalk(root: configuration.root), capacity: configuration.heldDirectories)
    watch = EntryWatch(directories, names)
  }
}

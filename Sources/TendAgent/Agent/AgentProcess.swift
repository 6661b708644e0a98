private import CTendAgent

/// A process that is an agent and nothing else.
public enum AgentProcess {
  /// Lets all threads take their memory from one heap.
  ///
  /// The GNU C library else gives each thread a heap of its own, and what is free in one is of no
  /// use to the others: with many resources that is a third of what the process takes. Call it
  /// once, before there are threads, and not in a process that has other work: there its other
  /// threads would wait for each other too.
  public static func shareHeap() { _ = mallopt(M_ARENA_MAX, 1) }
}

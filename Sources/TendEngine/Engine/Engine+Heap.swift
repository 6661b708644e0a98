extension Engine {
  /// Gives back what was freed once somebody rings, and then now and then: what looking at many
  /// resources takes is freed again, but between what stays.
  func keepHeap() async {
    var isLarge = false
    while !core.heap.isClosed, !Task.isCancelled {
      await core.time.wait(isLarge ? Heap.pause : nil, or: core.heap)
      let count = core.world.withLock { $0.entries.reduce(0) { $0 + $1.count } }
      isLarge = count >= Heap.worthwhile
      if isLarge { Heap.giveBack() }
    }
  }
}

internal import Synchronization
internal import Tend

/// What a list request gave: text, of which an item is read when it is asked for.
final class List: Sendable {
  /// One item.
  struct Item: Sendable {
    fileprivate let list: List
    fileprivate let place: Place
    /// Of its text; the same for the same text as long as this process runs.
    let digest: Int

    /// Nil where it can't be read.
    var value: Value? { list.value(at: place) }
  }

  fileprivate struct Place: Sendable {
    let page: Int32
    let position: Int32
  }

  private let items: HTTPProvider.Items
  private let search: Recipe.Search
  private let places: [Int: Place]
  /// By what tells items apart; made once something is looked for that has changed.
  private let keyed = Mutex<[String: Place]?>(nil)

  init(_ items: HTTPProvider.Items, by search: Recipe.Search) {
    self.items = items
    self.search = search
    var places: [Int: Place] = [:]
    places.reserveCapacity(items.count)
    for (number, page) in items.pages.enumerated() {
      for (position, digest) in page.digests.enumerated() {
        places[digest] = Place(page: Int32(number), position: Int32(position))
      }
    }
    self.places = places
  }

  var isEmpty: Bool { items.count == 0 }
  var mask: Mask { items.mask }

  /// The item whose text has this digest.
  func item(_ digest: Int) -> Item? {
    places[digest].map { Item(list: self, place: $0, digest: digest) }
  }

  /// The item that this tells from the others; throws where one can't be read.
  func item(_ key: String) throws(ProviderError) -> Item? {
    let place = try keyed.withLock { keyed throws(ProviderError) in
      if let keyed { return keyed[key] }
      let all = try index()
      keyed = all
      return all[key]
    }
    return place.map { place in
      let digest = items.pages[Int(place.page)].digests[Int(place.position)]
      return Item(list: self, place: place, digest: digest)
    }
  }

  private func index() throws(ProviderError) -> [String: Place] {
    var index: [String: Place] = [:]
    index.reserveCapacity(items.count)
    for (number, page) in items.pages.enumerated() {
      for position in 0..<page.count {
        let key = search.key(of: try items.value(at: position, of: page))
        index[key] = Place(page: Int32(number), position: Int32(position))
      }
    }
    return index
  }

  fileprivate func value(at place: Place) -> Value? {
    do throws(ProviderError) {
      return try items.value(at: Int(place.position), of: items.pages[Int(place.page)])
    } catch {
      return nil
    }
  }
}

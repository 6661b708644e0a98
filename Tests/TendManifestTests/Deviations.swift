/// Where the manifest layer departs from what a suite publishes, and why.
struct Deviations {
  /// What becomes of a case instead of what its suite says.
  enum Kind: Equatable {
    /// It is right and refused.
    case refused
    /// It is wrong and read.
    case accepted
    /// It is read as something else.
    case otherwise
  }

  /// Cases of one reason.
  struct Group {
    let kind: Kind
    let reason: String
    let cases: [String]

    init(_ kind: Kind, _ reason: String, _ cases: String) {
      self.kind = kind
      self.reason = reason
      self.cases = cases.split(whereSeparator: \.isWhitespace).map(String.init)
    }
  }

  static let yaml = [
    Group(.refused, "keys are text, as they are in JSON", "26DV E76Z 2SXE"),
    Group(
      .refused, "tags other than those of the core schema mean nothing to a manifest",
      "2XXW 565N 5TYM 6CK3 6WLZ 7FWL 9WXW C4HZ CC74 CUP7 J7PZ M5C3 P76L UGM3 Z67P Z9M4"),
    Group(
      .refused, "libyaml knows %YAML 1.1 and 1.2 and %TAG, and stops at other directives",
      "2LFX 6LVF BEC7 MUS6/05 MUS6/06 W4TN"),
    Group(
      .refused, "libyaml takes no tab before a value or between indentation and content",
      "6BCT 6CA3 96NN/00 96NN/01 A2M4 DK95/00 DK95/03 DK95/04 Q5MG R4YG Y79Y/01 Y79Y/10"),
    Group(
      .refused, "libyaml wants the colon of a flow map beside its key, and a space behind it",
      "4MUZ/00 4MUZ/01 4MUZ/02 58MP 5MUD 5T43 9SA2 DBG4 HM87/00 K3WX NJ66 UT92 VJP3/01"),
    Group(
      .refused, "libyaml takes an end of a document only behind one, and no content beside it",
      "7Z25 DK3J FP8R HWV9 M7A3 QT73"),
    Group(
      .refused, "the names of anchors are letters, digits, - and _ in libyaml, as in YAML 1.1",
      "8XYN W5VH"),
    Group(.refused, "libyaml wants a key before the colon of a block map", "SM9W/01"),
    Group(
      .accepted, "libyaml does not check how far the rest of a flow list or text is indented",
      "9C9N DK95/01 QB6E Y79Y/03"),
    Group(
      .accepted, "libyaml takes # as a comment also beside what it follows", "9JBA CVW2 SU5Z X4QW"),
    Group(.accepted, "libyaml takes a directive without the end of a document", "EB22 RHX7"),
    Group(.accepted, "libyaml takes - alone in a flow list as text", "G5U8 YJV2"),
    Group(
      .accepted, "libyaml does not look at what stands behind a directive, or at empty lines",
      "MUS6/00 MUS6/01 S98Z"),
    Group(
      .otherwise, "a document without content is left out, so that --- may end a file",
      "6XDY 6ZKB 9DXL DK95/07 MUS6/02 MUS6/03 MUS6/04 PUW8"),
    Group(
      .otherwise, "libyaml takes ? in a flow map for a key's mark also without a space behind it",
      "652Z HM87/01"),
    Group(
      .otherwise, "libyaml drops a last line of spaces that has no end", "JEF9/02 L24T/01"),
    Group(.otherwise, "libyaml takes a : inside a flow list for text", "UKK6/02"),
    Group(.otherwise, "libyaml ends the name of an anchor at a colon", "Y2GN"),
  ]

  static let json = [
    Group(
      .refused, "a key that stands twice is a mistake: one of both would be lost",
      "y_object_duplicated_key y_object_duplicated_key_and_value"),
    Group(
      .refused, "no text of a manifest holds NUL: paths and arguments could not",
      "y_object_escaped_null_in_key y_string_null_escape"),
    Group(
      .refused, "what people can't see is written as an escape, in JSON as in YAML",
      """
      y_string_nonCharacterInUTF-8_U+FFFF y_string_u+2028_line_sep y_string_u+2029_par_sep
      y_string_unescaped_char_delete y_string_with_del_character
      """),
    Group(
      .accepted, "an empty file holds no document",
      "n_single_space n_structure_UTF8_BOM_no_data n_structure_no_data"),
  ]

  /// The kind of a case's deviation; nil where it is read as its suite says.
  static func kind(of name: String, in groups: [Group]) -> Kind? {
    groups.first { $0.cases.contains(name) }?.kind
  }
}

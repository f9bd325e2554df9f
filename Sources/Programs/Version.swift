/// The programs of this package as a whole.
package enum Programs {
    /// Of every program; see CHANGELOG.md.
    package static let version = "0.1.0"
}

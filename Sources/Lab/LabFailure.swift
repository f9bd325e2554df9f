/// Why something could not be measured or tried.
package struct LabFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

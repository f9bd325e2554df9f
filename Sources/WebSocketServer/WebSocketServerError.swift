/// Why a message could not be sent.
package enum WebSocketServerError: Error, Sendable, Equatable {
    /// The connection is closed or closing.
    case closed
    /// More bytes wait for the client than `maxOutgoingBytes` allows: it reads too slowly.
    case tooSlow
}

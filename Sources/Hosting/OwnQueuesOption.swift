import ArgumentParser
import Workers

/// Which tasks a scheduler carries out itself.
package struct OwnQueuesOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Queues whose tasks the scheduler carries out itself, separated by commas; those of others wait for workers.",
            valueName: "names"))
    package var queues = "default"

    package init() {}

    package mutating func validate() throws { _ = try names }

    /// The names.
    package var names: Set<String> { get throws { Set(try QueueNames.parse(queues)) } }
}

import ArgumentParser

/// In this room an argument is one of a command line; a DAG's task has arguments of its own.
typealias Argument<Value> = ArgumentParser.Argument<Value>

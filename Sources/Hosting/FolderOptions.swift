package import ArgumentParser

/// Which documents and migrations a program works with.
package struct FolderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of DAG documents (default: the one that comes with the program).", valueName: "dir"))
    package var dags: String?

    @OptionGroup package var migrations: MigrationsOption

    package init() {}

    /// The files that come with the program, with what was named instead.
    package func installation() throws -> Installation {
        try Installation(dags: dags, migrations: migrations.migrations)
    }
}

/// Which migrations a program expects of its database.
package struct MigrationsOption: ParsableArguments {
    @Option(
        help: ArgumentHelp("Folder of migrations (default: the one that comes with the program).", valueName: "dir"))
    package var migrations: String?

    package init() {}

    /// The files that come with the program, with the folder that was named instead.
    package func installation() throws -> Installation { try Installation(migrations: migrations) }
}

package import Commands
package import PrivateCluster

extension DatabaseOptions {
    /// The home that the command line means, made ready.
    package func preparedHome() throws -> CryptoflowHome {
        let home = try CryptoflowHome(path: target.home)
        try home.prepare()
        return home
    }

    /// The folder of the programs' logs in the home, made ready.
    package func logFolder() throws -> String { try preparedHome().logs }
}

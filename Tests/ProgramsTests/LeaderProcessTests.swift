import Testing

@testable import Programs

@Suite("What a leader's command line says") struct LeaderProcessTests {
    @Test(
        "its documents, by either way to write an option, relative to where it was started",
        arguments: [["--dags", "none/docs"], ["--dags=none/docs"]])
    func dags(option: [String]) {
        let leader = LeaderProcess(
            arguments: ["cryptoflow", "standalone"] + option, folder: "/nowhere", programs: "/nowhere/bin")
        #expect(leader.dags(standard: nil) == "/nowhere/none/docs")
    }

    @Test("the port of its page, and none of a program that has no page")
    func port() {
        func port(_ arguments: String...) -> Int? {
            LeaderProcess(arguments: arguments, folder: "/", programs: "/").port(standard: 8080)
        }
        #expect(port("cryptoflow", "standalone", "--port", "81") == 81)
        #expect(port("cryptoflow", "standalone") == 8080)
        #expect(port("cryptoflow-scheduler", "--port", "81") == nil)
    }
}

import Testing

@testable import Scheduler

@Suite("care for the heap")
struct HeapCareTests {
    @Test("a burst is followed up at its first pause, once")
    func burst() {
        var care = HeapCare()
        for _ in 0..<100 { care.wrote(changes: 500) }
        let answers = (0..<2).map { _ in care.isDueAtRest() }
        #expect(answers == [true, false])
    }

    @Test("some work is followed up when a whole look found nothing new, once")
    func someWork() {
        var care = HeapCare()
        care.loaded(documents: 200)
        let answers = (0..<2).map { _ in care.isDueAtRest() } + (0..<4).map { _ in care.isDueAtLook() }
        #expect(answers == [false, false, false, true, false, false])
    }

    @Test("while work goes on, and after next to none, nothing is done")
    func busy() {
        var care = HeapCare()
        for _ in 0..<10 {
            care.wrote(changes: 1_000)
            let answer = care.isDueAtLook()
            #expect(!answer)
        }
        var idle = HeapCare()
        idle.wrote(changes: 10)
        let answers = (0..<3).map { _ in idle.isDueAtLook() }
        #expect(answers == [false, false, false])
    }
}

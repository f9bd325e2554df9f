import CivilTime
import Glibc
import ModelRegistry
import SeededRandom
import Testing

@testable import Model

@Suite("Features") struct FeatureTests {
    private func value(_ name: String, _ row: FeatureRow) throws -> Double {
        let place = try #require(FeatureList.all.firstIndex { $0.name == name })
        return row.values[place - 1]
    }

    @Test("returns, ranges and volumes are those of the hours at and before a row")
    func values() throws {
        let returns = (0..<40).map { 0.001 * Double($0) }
        let table = FeatureTable([Samples.market: Samples.hours(returns)])
        // The first 24 hours have no 24 hours before them; the last has no target.
        #expect(table.rows.count == 16 && table.lacking[Samples.market]?.count == 24)
        let row = try #require(table.rows.first { $0.hour == Samples.firstHour + 30 })
        #expect(abs(try value("return_1", row) - 0.030) < 1e-12)
        #expect(abs(try value("return_3", row) - 0.028) < 1e-12)
        #expect(abs(try value("return_6h", row) - (25...30).reduce(0.0) { $0 + 0.001 * Double($1) }) < 1e-12)
        #expect(abs(try value("body_1", row) - 0.030) < 1e-12)
        #expect(abs(try value("range_1", row) - (log(1.001 / 0.999) + 0.030)) < 1e-12)
        #expect(abs(try value("volume_change", row) - log(12.0 / 11)) < 1e-12)
        #expect(abs(try #require(row.target) - 0.031) < 1e-12)
        #expect(table.rows.last?.target == nil)
        #expect(abs(row.hourlyVolatility - 0.5 / sqrt(8_760)) < 1e-15)
    }

    @Test("hour and weekday are Seoul's: Thursday 15:00Z is Friday midnight there")
    func calendar() throws {
        let table = FeatureTable([Samples.market: Samples.hours(Samples.noise(60, seed: 1))])
        let thursday = try #require(table.rows.first { $0.hour == Samples.firstHour + 24 + 14 })
        #expect(try value("hour_seoul", thursday) == 23 && value("weekday_seoul", thursday) == 4)
        let friday = try #require(table.rows.first { $0.hour == Samples.firstHour + 24 + 15 })
        #expect(try value("hour_seoul", friday) == 0 && value("weekday_seoul", friday) == 5)
    }

    @Test("a gap takes out the 24 hours after it and the target before it")
    func gaps() {
        var hours = Samples.hours(Samples.noise(100, seed: 2))
        hours.remove(at: 50)
        let table = FeatureTable([Samples.market: hours])
        let known = Set(table.rows.map { $0.hour - Samples.firstHour })
        #expect(known == Set((24..<50).map { Int64($0) } + (75..<100).map { Int64($0) }))
        #expect(table.rows.first { $0.hour == Samples.firstHour + 49 }?.target == nil)
        #expect(table.dropped["gap"] == 24 + 24 && table.dropped["no_next_hour"] == 2)
    }

    @Test("no feature looks ahead: whatever the future is, the rows before it stay the same", arguments: 0..<8)
    func future(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let hours = Samples.hours(Samples.noise(120, seed: UInt64(seed) + 100))
        let cut = Int.random(in: 30..<110, using: &random)
        // The future shuffled, and then made absurd.
        var shuffled = Array(hours[..<cut])
        for (hour, other) in zip(hours[cut...], hours[cut...].shuffled(using: &random)) {
            var moved = other
            moved.hour = hour.hour
            moved.close = (other.close ?? 1) * Double.random(in: 0.01...100, using: &random)
            shuffled.append(moved)
        }
        let before = FeatureTable([Samples.market: hours]).rows.filter { $0.hour < Samples.firstHour + Int64(cut) }
        let after = FeatureTable([Samples.market: shuffled]).rows.filter { $0.hour < Samples.firstHour + Int64(cut) }
        #expect(before.map(\.values) == after.map(\.values) && before.map(\.hour) == after.map(\.hour))
        // Only the last row's target, which is the future, may differ.
        #expect(before.dropLast().map(\.target) == after.dropLast().map(\.target))
    }

    @Test("constant prices have features: the middle of a band without width, no return")
    func constant() throws {
        var hours = Samples.hours([Double](repeating: 0, count: 60))
        for index in hours.indices {
            hours[index].bollingerUpper = hours[index].bollingerMiddle
            hours[index].bollingerLower = hours[index].bollingerMiddle
            hours[index].volatilityClose24h = 0
        }
        let table = FeatureTable([Samples.market: hours])
        let row = try #require(table.rows.first)
        #expect(try value("bollinger_position", row) == 0.5 && value("return_24h", row) == 0)
        #expect(row.target == 0 && row.hourlyVolatility == 0 && table.rows.count == 36)
    }

    @Test(
        "absurd values take their hours out and never crash",
        arguments: [0, -1, 1e30, 1e-30, .infinity, .nan, nil] as [Double?])
    func absurd(value: Double?) {
        var hours = Samples.hours(Samples.noise(80, seed: 3))
        hours[40].close = value
        let table = FeatureTable([Samples.market: hours])
        #expect(table.rows.allSatisfy { $0.values.allSatisfy(\.isFinite) })
        let known = Set(table.rows.map { $0.hour - Samples.firstHour })
        #expect(known.isDisjoint(with: Set((40...64).map { Int64($0) })) && known.contains(66))
        #expect(table.rows.first { $0.hour == Samples.firstHour + 39 }?.target == nil)
    }

    @Test("an hour whose indicators are not there yet has no features, and says why")
    func warmUp() {
        var hours = Samples.hours(Samples.noise(60, seed: 4))
        hours[30].volatilityClose168h = nil
        let table = FeatureTable([Samples.market: hours])
        #expect(table.lacking[Samples.market]?[Samples.firstHour + 30] == .warmUp)
        #expect(table.rows.count == 35)
    }
}

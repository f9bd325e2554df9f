import Markets
import SeededRandom
import Testing

@Suite("Properties of exact decimals") struct ExactDecimalPropertyTests {
    private static let seeds = (0..<8).map { _ in UInt64.random(in: .min ... .max) }

    /// Up to 17 digits, so that sums and products of aligned values fit.
    private func random(_ generator: inout SeededGenerator) -> (significand: Int128, exponent: Int) {
        let digits = Int.random(in: 1...17, using: &generator)
        let limit = (0..<digits).reduce(Int64(1)) { power, _ in power * 10 }
        return (Int128(Int64.random(in: -limit...limit, using: &generator)), Int.random(in: -10...5, using: &generator))
    }

    @Test("reading what was shown gives the same value back", arguments: seeds)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let bits = Int128.random(in: -Int128.max...Int128.max, using: &generator)
            let value = try ExactDecimal(
                significand: bits >> Int128.random(in: 0...126, using: &generator),
                exponent: Int.random(in: -128...80, using: &generator))
            #expect(try ExactDecimal(parsing: value.description) == value, "seed \(seed)")
        }
    }

    @Test("trailing zeros and exponents change neither value nor hash", arguments: seeds)
    func spelling(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let (significand, exponent) = random(&generator)
            let value = try ExactDecimal(significand: significand, exponent: exponent)
            let zeros = Int.random(in: 0...12, using: &generator)
            let spelled = "\(significand)\(String(repeating: "0", count: zeros))e\(exponent - zeros)"
            let other = significand == 0 ? .zero : try ExactDecimal(parsing: spelled)
            #expect(other == value, "seed \(seed)")
            #expect(other.hashValue == value.hashValue, "seed \(seed)")
        }
    }

    @Test("sums, products and order agree with whole-number arithmetic", arguments: seeds)
    func arithmetic(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let (a, b) = (random(&generator), random(&generator))
            let (left, right) = (
                try ExactDecimal(significand: a.significand, exponent: a.exponent),
                try ExactDecimal(significand: b.significand, exponent: b.exponent)
            )
            // Both in units of 10^-10, the smallest exponent above; 17 digits and 15 zeros fit.
            let first = a.significand * power(a.exponent + 10)
            let second = b.significand * power(b.exponent + 10)
            #expect(try left + right == ExactDecimal(significand: first + second, exponent: -10), "seed \(seed)")
            #expect(try left - right == ExactDecimal(significand: first - second, exponent: -10), "seed \(seed)")
            let product = try ExactDecimal(
                significand: a.significand * b.significand, exponent: a.exponent + b.exponent)
            #expect(try left * right == product, "seed \(seed)")
            #expect((left < right) == (first < second), "seed \(seed)")
            #expect((left == right) == (first == second), "seed \(seed)")
        }
    }

    @Test("a rounded value is a multiple of the tick, on the right side and close", arguments: seeds)
    func rounding(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let (significand, exponent) = random(&generator)
            let value = try ExactDecimal(significand: significand, exponent: exponent)
            let tick = try ExactDecimal(
                significand: Int128(Int64.random(in: 1...999, using: &generator)),
                exponent: Int.random(in: -8...3, using: &generator))
            let down = try value.rounded(toMultipleOf: tick, .down)
            let up = try value.rounded(toMultipleOf: tick, .up)
            #expect(down <= value && value <= up, "seed \(seed)")
            #expect(try up - down == (down == up ? .zero : tick), "seed \(seed)")
            for rule in ExactDecimal.Rounding.allCases {
                let rounded = try value.rounded(toMultipleOf: tick, rule)
                #expect(rounded == down || rounded == up, "seed \(seed)")
                #expect(try rounded.rounded(toMultipleOf: tick, rule) == rounded, "seed \(seed)")
            }
        }
    }

    @Test("no bytes crash the reading, and what is read can be shown", arguments: seeds)
    func fuzz(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let alphabet = Array("0123456789.-+eE x".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...50, using: &generator)
            let bytes = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let value = ExactDecimal(text) else { continue }
            #expect(ExactDecimal(value.description) == value, "seed \(seed), text \(text)")
        }
    }

    private func power(_ exponent: Int) -> Int128 {
        (0..<exponent).reduce(1) { power, _ in power * 10 }
    }
}

/// Decimal digits read eight at a time within one machine word.
enum DigitRun {
    /// Reads up to 24 digits that stand at `index` and appends them to `value`, modulo 2^64; returns how many there are.
    ///
    /// A caller that wants no overflow refuses more than 19 digits in all.
    @inline(__always)
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int, into value: inout UInt64) -> Int {
        guard let start = bytes.baseAddress else { return 0 }
        var count = 0
        while count < 24 {
            let place = index + count
            guard place + 8 <= bytes.count else { return readSlowly(bytes, at: index, from: count, into: &value) }
            let word = UInt64(littleEndian: UnsafeRawPointer(start + place).loadUnaligned(as: UInt64.self))
            // A digit's byte is now 0 to 9; adding 0x76 sets the high bit of every other one. What an addition carries
            // over goes to later bytes only, and the first byte that is no digit ends the run.
            let digits = word ^ 0x3030_3030_3030_3030
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
            if others == 0 {
                value = value &* 100_000_000 &+ eight(digits)
                count += 8
                continue
            }
            let length = others.trailingZeroBitCount >> 3
            if length > 0 {
                // The digits move to the word's end, with leading zeros before them.
                value = value &* power(length) &+ eight(digits &<< UInt64(64 - length * 8))
            }
            return count + length
        }
        return count
    }

    /// Takes trailing decimal zeros off a number other than zero; returns how many.
    @inline(__always)
    static func stripZeros(_ value: inout UInt64) -> Int {
        var zeros = 0
        while true {
            // The inverse of 5 modulo 2^64, then a rotation that halves: a multiple of 10 becomes its tenth, anything
            // else becomes more than a tenth of the range.
            let product = value &* 0xCCCC_CCCC_CCCC_CCCD
            let tenth = product &>> 1 | product &<< 63
            guard tenth <= UInt64.max / 10 else { return zeros }
            value = tenth
            zeros += 1
        }
    }

    /// 10 to the n-th, for n from 0 to 19; 0 beyond.
    @inline(__always)
    static func power(_ n: Int) -> UInt64 {
        switch n {
        case 0: 1
        case 1: 10
        case 2: 100
        case 3: 1_000
        case 4: 10_000
        case 5: 100_000
        case 6: 1_000_000
        case 7: 10_000_000
        case 8: 100_000_000
        case 9: 1_000_000_000
        case 10: 10_000_000_000
        case 11: 100_000_000_000
        case 12: 1_000_000_000_000
        case 13: 10_000_000_000_000
        case 14: 100_000_000_000_000
        case 15: 1_000_000_000_000_000
        case 16: 10_000_000_000_000_000
        case 17: 100_000_000_000_000_000
        case 18: 1_000_000_000_000_000_000
        case 19: 10_000_000_000_000_000_000
        default: 0
        }
    }

    /// The number that eight digit values make, the first in the lowest byte.
    @inline(__always)
    private static func eight(_ digits: UInt64) -> UInt64 {
        let pairs = digits &* 10 &+ (digits &>> 8)
        let even = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
        let odd = ((pairs &>> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
        return (even &+ odd) &>> 32
    }

    @inline(never)
    private static func readSlowly(
        _ bytes: UnsafeBufferPointer<UInt8>, at index: Int, from begun: Int, into value: inout UInt64
    ) -> Int {
        var count = begun
        while count < 24, index + count < bytes.count {
            let digit = bytes[index + count] &- 0x30
            guard digit < 10 else { break }
            value = value &* 10 &+ UInt64(digit)
            count += 1
        }
        return count
    }
}

/// Formatting in the manner of Python's `strftime`, for DAG templates and file names.
package enum TimeFormat {
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]

    /// Writes an instant as a clock in `zone` shows it.
    ///
    /// English names, as Python's C locale has.
    ///
    /// Directives: `%Y %m %d %H %M %S %f %y %C %j %e %I %l %k %p %a %A %b %h %B %u %w %U %W %V %G %g %s %z %:z %Z %F %T %D
    /// %R %r %c %x %X %n %t %P %%`. `%-d` writes a number without leading zeros, `%_d` with blanks instead, `%0e` with
    /// zeros; `%^a` writes capitals. An unknown directive stays as it is written, as in glibc.
    package static func strftime(_ instant: Timestamp, _ format: String, in zone: TimeZoneRules = .utc) -> String {
        let writer = Writer(
            civil: zone.local(at: instant), instant: instant, offset: zone.offset(at: instant),
            abbreviation: zone.abbreviation(at: instant))
        return writer.text(format)
    }

    private struct Writer {
        let civil: CivilDateTime
        let instant: Timestamp
        let offset: Int
        let abbreviation: String

        func text(_ format: String) -> String {
            var result = ""
            var scalars = format.unicodeScalars.makeIterator()
            while let scalar = scalars.next() {
                guard scalar == "%" else {
                    result.unicodeScalars.append(scalar)
                    continue
                }
                guard var directive = scalars.next() else {
                    result += "%"
                    break
                }
                var flag: Unicode.Scalar?
                if "-:_^0".unicodeScalars.contains(directive) {
                    flag = directive
                    guard let following = scalars.next() else {
                        result += "%"
                        result.unicodeScalars.append(directive)
                        break
                    }
                    directive = following
                }
                if let piece = piece(directive, flag: flag) {
                    result += piece
                } else {
                    result += "%"
                    if let flag { result.unicodeScalars.append(flag) }
                    result.unicodeScalars.append(directive)
                }
            }
            return result
        }

        private func piece(_ directive: Unicode.Scalar, flag: Unicode.Scalar?) -> String? {
            guard flag == "_" || flag == "0" else { return plain(directive, flag: flag) }
            guard let written = plain(directive, flag: nil), "YCymdeHkIlMSfjUWVGg".unicodeScalars.contains(directive)
            else { return plain(directive, flag: nil) }
            // The same width, filled otherwise.
            let filler: Character = flag == "_" ? " " : "0"
            let digits = written.drop { $0 == "0" || $0 == " " }
            let kept = digits.isEmpty ? "0" : String(digits)
            return String(repeating: filler, count: written.count - kept.count) + kept
        }

        private func plain(_ directive: Unicode.Scalar, flag: Unicode.Scalar?) -> String? {
            if flag == ":" { return directive == "z" ? offsetText(colon: true) : nil }
            if flag == "^" { return piece(directive, flag: nil)?.uppercased() }
            let width = flag == "-" ? 1 : 2
            let hour12 = civil.hour % 12 == 0 ? 12 : civil.hour % 12
            switch directive {
            case "Y": return number(civil.year, flag == "-" ? 1 : 4)
            case "C": return number(civil.year.flooredQuotient(100), width)
            case "y": return number(civil.year.flooredRemainder(100), width)
            case "m": return number(civil.month, width)
            case "d": return number(civil.day, width)
            case "e": return number(civil.day, width, pad: " ")
            case "H": return number(civil.hour, width)
            case "k": return number(civil.hour, width, pad: " ")
            case "I": return number(hour12, width)
            case "l": return number(hour12, width, pad: " ")
            case "M": return number(civil.minute, width)
            case "S": return number(civil.second, width)
            case "f": return number(civil.microsecond, flag == "-" ? 1 : 6)
            case "j": return number(civil.dayOfYear, flag == "-" ? 1 : 3)
            case "p": return civil.hour < 12 ? "AM" : "PM"
            case "P": return civil.hour < 12 ? "am" : "pm"
            case "a": return String(weekdays[civil.weekday].prefix(3))
            case "A": return weekdays[civil.weekday]
            case "b", "h": return String(months[civil.month - 1].prefix(3))
            case "B": return months[civil.month - 1]
            case "w": return number(civil.weekday, 1)
            case "u": return number(civil.weekday == 0 ? 7 : civil.weekday, 1)
            case "U": return number((civil.dayOfYear + 6 - civil.weekday) / 7, width)
            case "W": return number((civil.dayOfYear + 6 - (civil.weekday + 6) % 7) / 7, width)
            case "V": return number(civil.isoWeek.week, width)
            case "G": return number(civil.isoWeek.year, flag == "-" ? 1 : 4)
            case "g": return number(civil.isoWeek.year.flooredRemainder(100), width)
            case "s": return String(instant.seconds)
            case "z": return offsetText(colon: false)
            case "Z": return abbreviation
            case "F": return text("%Y-%m-%d")
            case "T", "X": return text("%H:%M:%S")
            case "D", "x": return text("%m/%d/%y")
            case "R": return text("%H:%M")
            case "r": return text("%I:%M:%S %p")
            case "c": return text("%a %b %e %H:%M:%S %Y")
            case "n": return "\n"
            case "t": return "\t"
            case "%": return "%"
            default: return nil
            }
        }

        private func number(_ value: Int, _ width: Int, pad: Character = "0") -> String {
            let digits = String(value.magnitude)
            let padding = String(repeating: pad, count: max(0, width - digits.count))
            return (value < 0 ? "-" : "") + padding + digits
        }

        private func offsetText(colon: Bool) -> String {
            var bytes: [UInt8] = []
            ISO8601.append(offset: offset, colon: colon, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}

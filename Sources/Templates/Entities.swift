/// HTML's entities, as Python's `html.unescape` reads them.
enum Entities {
    /// Those that need no semicolon, with their scalars in hexadecimal.
    private static let loose = table(
        """
        AElig=c6 AMP=26 Aacute=c1 Acirc=c2 Agrave=c0 Aring=c5 Atilde=c3 Auml=c4 COPY=a9 Ccedil=c7 ETH=d0
        Eacute=c9 Ecirc=ca Egrave=c8 Euml=cb GT=3e Iacute=cd Icirc=ce Igrave=cc Iuml=cf LT=3c Ntilde=d1
        Oacute=d3 Ocirc=d4 Ograve=d2 Oslash=d8 Otilde=d5 Ouml=d6 QUOT=22 REG=ae THORN=de Uacute=da Ucirc=db
        Ugrave=d9 Uuml=dc Yacute=dd aacute=e1 acirc=e2 acute=b4 aelig=e6 agrave=e0 amp=26 aring=e5 atilde=e3
        auml=e4 brvbar=a6 ccedil=e7 cedil=b8 cent=a2 copy=a9 curren=a4 deg=b0 divide=f7 eacute=e9 ecirc=ea
        egrave=e8 eth=f0 euml=eb frac12=bd frac14=bc frac34=be gt=3e iacute=ed icirc=ee iexcl=a1 igrave=ec
        iquest=bf iuml=ef laquo=ab lt=3c macr=af micro=b5 middot=b7 nbsp=a0 not=ac ntilde=f1 oacute=f3 ocirc=f4
        ograve=f2 ordf=aa ordm=ba oslash=f8 otilde=f5 ouml=f6 para=b6 plusmn=b1 pound=a3 quot=22 raquo=bb reg=ae
        sect=a7 shy=ad sup1=b9 sup2=b2 sup3=b3 szlig=df thorn=fe times=d7 uacute=fa ucirc=fb ugrave=f9 uml=a8
        uuml=fc yacute=fd yen=a5 yuml=ff
        """)
    /// Those that need one, as far as they are known here.
    private static let strict = table(
        """
        apos=27 bdquo=201e bull=2022 dagger=2020 darr=2193 emsp=2003 ensp=2002 euro=20ac ge=2265 hellip=2026
        infin=221e larr=2190 ldquo=201c le=2264 lsaquo=2039 lsquo=2018 mdash=2014 minus=2212 ndash=2013 ne=2260
        permil=2030 rarr=2192 rdquo=201d rsaquo=203a rsquo=2019 sbquo=201a thinsp=2009 trade=2122 uarr=2191
        zwj=200d zwnj=200c
        """)
    /// Numbers from 128 to 159 mean what Windows once meant by them.
    private static let windows: [UInt32: UInt32] = [
        0x80: 0x20AC, 0x82: 0x201A, 0x83: 0x192, 0x84: 0x201E, 0x85: 0x2026, 0x86: 0x2020, 0x87: 0x2021,
        0x88:
            0x2C6, 0x89: 0x2030, 0x8A: 0x160, 0x8B: 0x2039, 0x8C: 0x152, 0x8E: 0x17D, 0x91: 0x2018, 0x92: 0x2019,
        0x93: 0x201C, 0x94: 0x201D, 0x95: 0x2022, 0x96: 0x2013, 0x97: 0x2014, 0x98: 0x2DC, 0x99: 0x2122,
        0x9A:
            0x161, 0x9B: 0x203A, 0x9C: 0x153, 0x9E: 0x17E, 0x9F: 0x178,
    ]

    private static func table(_ text: String) -> [String: String] {
        var result: [String: String] = [:]
        for pair in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let value = UInt32(parts[1], radix: 16), let scalar = Unicode.Scalar(value) else {
                continue
            }
            result[String(parts[0])] = String(Character(scalar))
        }
        return result
    }

    /// The text with its entities resolved.
    ///
    /// Throws for one that is not known here, rather than leave it as it stands.
    static func resolved(_ text: String) throws(Failure) -> String {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result = String.UnicodeScalarView()
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "&" else {
                result.append(scalar)
                continue
            }
            try Meter.charge(1)
            if rest.first == "#" {
                let (text, length) = numeric(rest.dropFirst())
                if let text {
                    result.append(contentsOf: text.unicodeScalars)
                    rest = rest.dropFirst(length + 1)
                } else {
                    result.append(scalar)
                }
                continue
            }
            let name = String(
                rest.prefix(32).prefix {
                    $0 != ";" && !"\t\n\u{C} <&#".unicodeScalars.contains($0)
                })
            let hasEnd = rest.dropFirst(name.unicodeScalars.count).first == ";"
            if hasEnd, let found = loose[name] ?? strict[name] {
                result.append(contentsOf: found.unicodeScalars)
                rest = rest.dropFirst(name.unicodeScalars.count + 1)
            } else if let prefix = (2...6).reversed().lazy.map({ String(name.unicodeScalars.prefix($0)) })
                .first(where: { loose[$0] != nil }), let found = loose[prefix], !hasEnd
            {
                result.append(contentsOf: found.unicodeScalars)
                rest = rest.dropFirst(prefix.unicodeScalars.count)
            } else if hasEnd, !name.isEmpty, name.utf8.allSatisfy({ isNameStart($0) || isDigit($0) }) {
                throw Failure("the entity '&\(name);' is not known in this version", hint: "write its number")
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// `65;` or `x41`, with how many scalars it takes.
    private static func numeric(_ rest: Substring.UnicodeScalarView) -> (String?, Int) {
        let isHex = rest.first == "x" || rest.first == "X"
        let digits = rest.dropFirst(isHex ? 1 : 0).prefix {
            isHex ? Character($0).isHexDigit && $0.isASCII : ("0"..."9").contains($0)
        }
        guard !digits.isEmpty else { return (nil, 0) }
        let length = digits.count + (isHex ? 1 : 0)
        let end = rest.dropFirst(length).first == ";" ? 1 : 0
        let value = UInt32(String(digits), radix: isHex ? 16 : 10) ?? .max
        guard value != 0, let scalar = Unicode.Scalar(windows[value] ?? value) else {
            return ("\u{FFFD}", length + end)
        }
        let isInvalid =
            (1...8).contains(value) || (0xE...0x1F).contains(value)
            || (0x7F...0x9F).contains(value) && windows[value] == nil
            || (0xFDD0...0xFDEF).contains(value) || value & 0xFFFE == 0xFFFE || value == 0xB
        return (isInvalid ? "" : String(Character(scalar)), length + end)
    }
}

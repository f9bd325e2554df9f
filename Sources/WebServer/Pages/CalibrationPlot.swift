/// How often prices rose beside how probable the model said it was.
struct CalibrationPlot {
    let bins: [ModelFacts.Bin]

    /// A frequency among fewer hours says little: its point is hollow, and the line leaves it out.
    static let fewest = 30

    var isEmpty: Bool { filled.isEmpty }

    private var filled: [(bin: ModelFacts.Bin, probability: Double, frequency: Double)] {
        bins.compactMap { bin in
            guard bin.rows > 0, let probability = bin.meanProbability, let frequency = bin.frequency,
                (0...1).contains(probability), (0...1).contains(frequency)
            else { return nil }
            return (bin, probability, frequency)
        }
    }

    /// A square over a strip with the number of hours in each bin.
    var html: HTMLText {
        let frame = PlotFrame(width: 420, height: 440, left: 48, right: 26, top: 12, bottom: 98, low: 0, high: 1)
        var html = HTMLText()
        frame.open(
            &html, id: "calibration", title: "Calibration of the probability of a rise", description: summary)
        frame.rules(&html) { NumberText.fixed($0 * 100, decimals: 0) + " %" }
        let floor = frame.y(0)
        for share in stride(from: 0.0, through: 1.0, by: 0.2) {
            frame.rule(&html, x1: frame.x(share), x2: frame.x(share), y1: frame.top, y2: floor)
            frame.text(
                &html, "day", x: frame.x(share), y: floor + 18, NumberText.fixed(share * 100, decimals: 0) + " %")
        }
        frame.rule(&html, x1: frame.x(0), x2: frame.x(1), y1: floor, y2: frame.top, cssClass: "ideal")
        counts(&html, frame, floor: floor + 26)
        frame.line(
            &html, "model",
            filled.filter { $0.bin.rows >= Self.fewest }.map { (x: frame.x($0.probability), y: frame.y($0.frequency)) })
        for (bin, probability, frequency) in filled {
            frame.circle(
                &html, bin.rows < Self.fewest ? "few" : "model", x: frame.x(probability), y: frame.y(frequency), r: 5,
                title: "said \(NumberText.percent(probability)), came \(NumberText.percent(frequency)), "
                    + "\(bin.rows) hours")
        }
        html.markup("</svg>")
        return html
    }

    private func counts(_ html: inout HTMLText, _ frame: PlotFrame, floor: Double) {
        let most = Double(bins.map(\.rows).max() ?? 0)
        guard most > 0 else { return }
        let strip = 32.0
        for bin in bins where bin.rows > 0 {
            let height = max(strip * Double(bin.rows) / most, 1)
            let left = frame.x(min(max(bin.from, 0), 1))
            let right = frame.x(min(max(bin.to, 0), 1))
            frame.box(
                &html, "count", x: left + 1, y: floor + strip - height, width: right - left - 2, height: height,
                title: "\(bin.rows) hours")
            frame.text(&html, "day", x: (left + right) / 2, y: floor + strip + 14, NumberText.short(bin.rows))
        }
        frame.text(&html, "end", x: frame.left - 8, y: floor + strip + 14, "hours")
    }

    private var summary: String {
        filled.map {
            "\($0.bin.rows) hours said \(NumberText.percent($0.probability)), came \(NumberText.percent($0.frequency))"
        }.joined(separator: "; ")
    }
}

extension NumberText {
    /// A count in few characters: 950, 12k, 3.4M.
    static func short(_ count: Int) -> String {
        switch count {
        case ..<10_000: String(count)
        case ..<1_000_000: "\(count / 1_000)k"
        default: fixed(Double(count) / 1_000_000, decimals: 1) + "M"
        }
    }
}

/// How much each feature was used, as bars in a table, the most used first.
struct ImportanceTable {
    let features: [ModelFacts.Feature]

    private var ordered: [ModelFacts.Feature] {
        features.filter { $0.useForReturn != nil || $0.useForClass != nil }.sorted { left, right in
            let (first, second) = (Self.use(left), Self.use(right))
            return first == second ? left.name < right.name : first > second
        }
    }

    var isEmpty: Bool { ordered.isEmpty }

    private static func use(_ feature: ModelFacts.Feature) -> Double {
        (feature.useForReturn ?? 0) + (feature.useForClass ?? 0)
    }

    var html: HTMLText {
        var html = HTMLText()
        let rows = ordered
        let most = rows.flatMap { [$0.useForReturn, $0.useForClass] }.compactMap { $0 }.filter(\.isFinite).max() ?? 0
        html.markup(
            "<table class=\"list uses\"><caption class=\"vh\">Share of each feature in the use of all</caption>")
        html.markup("<thead><tr><th scope=\"col\">Feature</th><th scope=\"col\">For the return</th>")
        html.markup("<th scope=\"col\">For the class</th></tr></thead><tbody>")
        for feature in rows {
            html.markup("<tr><th scope=\"row\">")
            html.value(feature.name)
            html.markup("</th><td data-label=\"For the return\">")
            bar(feature.useForReturn, most, "use-return", &html)
            html.markup("</td><td data-label=\"For the class\">")
            bar(feature.useForClass, most, "use-class", &html)
            html.markup("</td></tr>")
        }
        html.markup("</tbody></table>")
        return html
    }

    private func bar(_ use: Double?, _ most: Double, _ cssClass: StaticString, _ html: inout HTMLText) {
        guard let use, use.isFinite else { return html.markup("–") }
        let share = most > 0 ? min(max(use / most, 0), 1) : 0
        html.markup(
            "<span class=\"bar\"><svg viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">")
        html.markup("<rect height=\"10\" class=\"")
        html.markup(cssClass)
        html.markup("\" width=\"")
        html.value(Int(share * 1_000))
        html.markup("\"/></svg><span>")
        html.value(NumberText.fixed(use * 100, decimals: 1) + " %")
        html.markup("</span></span>")
    }
}

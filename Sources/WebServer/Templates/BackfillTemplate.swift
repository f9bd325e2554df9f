/// Backfills, alone and as part of a DAG's page.
enum BackfillTemplate {
    static let table = """
        <div class="scroll"><table class="list {{card}}"><caption class="vh">Backfills</caption>
        <thead><tr><th scope="col">Backfill</th><th scope="col">State</th><th scope="col">Progress</th>\
        <th scope="col">From</th><th scope="col">To</th><th scope="col">Reprocess</th><th scope="col">Made</th></tr></thead>
        <tbody>{{#backfills}}<tr><th scope="row"><a href="{{href}}">{{dag}}</a> <span class="dim">{{id}}</span></th>
        <td data-label="State"><span class="badge {{class}}">{{state}}</span></td>
        <td data-label="Progress"><progress max="{{total}}" value="{{done}}" aria-label="{{progress}}"></progress>\
        <div class="sub">{{progress}}</div></td>
        <td data-label="From">{{from}}</td><td data-label="To">{{to}}</td><td data-label="Reprocess">{{reprocess}}</td>
        <td data-label="Made">{{made}}<div class="sub">{{by}}</div></td></tr>{{/backfills}}</tbody></table></div>
        """

    static let page = """
        <h1>Backfills</h1>
        <div data-live="backfills">{{#any}}{{> progress}}{{/any}}{{^any}}<p class="none">No backfill has been asked for: \
        <code>cryptoflow dag backfill ID --from … --to …</code> makes one.</p>{{/any}}\
        {{#note}}<p class="dim">{{note}}</p>{{/note}}</div>
        """
}

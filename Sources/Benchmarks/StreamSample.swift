/// Messages of Upbit's WebSocket to measure with.
///
/// Trades and books are from bmoscon/cryptofeed's sample data of 2021-04-17, unchanged (15 levels, one after another in
/// time); the ticker is from a terminal capture of docs.upbit.com's guide of 2025-09-26, once with its names shortened to
/// those of the format SIMPLE.
enum StreamSample {
    static let trades = lines(
        #"""
        {"ty":"trade","cd":"KRW-LAMB","tms":1618678262712,"td":"2021-04-17","ttm":"16:51:02","ttms":1618678262000,
        "tp":127.0,"tv":46.48838371,"ab":"BID","pcp":123.00000000,"c":"RISE","cp":4.00000000,"sid":1618678262000003,
        "st":"REALTIME"}
        {"ty":"trade","cd":"KRW-LAMB","tms":1618678263084,"td":"2021-04-17","ttm":"16:51:02","ttms":1618678262000,
        "tp":126.0,"tv":47.97601199,"ab":"ASK","pcp":123.00000000,"c":"RISE","cp":3.00000000,"sid":1618678262000004,
        "st":"REALTIME"}
        {"ty":"trade","cd":"KRW-LAMB","tms":1618678263181,"td":"2021-04-17","ttm":"16:51:02","ttms":1618678262000,
        "tp":127.0,"tv":39.82383808,"ab":"BID","pcp":123.00000000,"c":"RISE","cp":4.00000000,"sid":1618678262000005,
        "st":"REALTIME"}
        """#)

    static let books = lines(
        #"""
        {"ty":"orderbook","cd":"KRW-LAMB","tms":1618678262640,"tas":25752275.55420627,"tbs":14407925.20098682,
        "obu":[{"ap":127.0,"bp":126.0,"as":280460.37885666,"bs":688682.44561413},{"ap":128.0,"bp":125.0,
        "as":502824.98156754,"bs":1924299.53689703},{"ap":129.0,"bp":124.0,"as":1191590.25082338,
        "bs":1285767.18745285},{"ap":130.0,"bp":123.0,"as":1768434.03407566,"bs":1695107.17198985},{"ap":131.0,
        "bp":122.0,"as":650871.67338075,"bs":1034572.30548094},{"ap":132.0,"bp":121.0,"as":1208400.2473932,
        "bs":942304.90672595},{"ap":133.0,"bp":120.0,"as":1001877.30780765,"bs":1844519.90604611},{"ap":134.0,
        "bp":119.0,"as":919628.40813361,"bs":669826.58331306},{"ap":135.0,"bp":118.0,"as":1974532.71547858,
        "bs":904138.83714433},{"ap":136.0,"bp":117.0,"as":1668849.72930504,"bs":805186.83654878},{"ap":137.0,
        "bp":116.0,"as":2020094.92128142,"bs":893139.18999855},{"ap":138.0,"bp":115.0,"as":2735006.09924827,
        "bs":691276.78438901},{"ap":139.0,"bp":114.0,"as":2847135.92951261,"bs":340606.14377184},{"ap":140.0,
        "bp":113.0,"as":5796700.1587958,"bs":241738.23514879},{"ap":141.0,"bp":112.0,"as":1185868.7185461,
        "bs":446759.1304656}],"st":"REALTIME"}
        {"ty":"orderbook","cd":"KRW-LAMB","tms":1618678262952,"tas":25753891.35095905,"tbs":14396251.34991237,
        "obu":[{"ap":127.0,"bp":126.0,"as":280460.37885666,"bs":688639.26720334},{"ap":128.0,"bp":125.0,
        "as":502824.98156754,"bs":1912668.86423337},{"ap":129.0,"bp":124.0,"as":1191590.25082338,
        "bs":1285767.18745285},{"ap":130.0,"bp":123.0,"as":1768434.03407566,"bs":1695107.17198985},{"ap":131.0,
        "bp":122.0,"as":650871.67338075,"bs":1034572.30548094},{"ap":132.0,"bp":121.0,"as":1208400.2473932,
        "bs":942304.90672595},{"ap":133.0,"bp":120.0,"as":1001877.30780765,"bs":1844519.90604611},{"ap":134.0,
        "bp":119.0,"as":919628.40813361,"bs":669826.58331306},{"ap":135.0,"bp":118.0,"as":1974532.71547858,
        "bs":904138.83714433},{"ap":136.0,"bp":117.0,"as":1668849.72930504,"bs":805186.83654878},{"ap":137.0,
        "bp":116.0,"as":2020094.92128142,"bs":893139.18999855},{"ap":138.0,"bp":115.0,"as":2735006.09924827,
        "bs":691276.78438901},{"ap":139.0,"bp":114.0,"as":2848751.72626539,"bs":340606.14377184},{"ap":140.0,
        "bp":113.0,"as":5796700.1587958,"bs":241738.23514879},{"ap":141.0,"bp":112.0,"as":1185868.7185461,
        "bs":446759.1304656}],"st":"REALTIME"}
        """#)

    static let shortTicker = lines(
        #"""
        {"ty":"ticker","cd":"KRW-BTC","op":158219000.00000000,"hp":159278000.00000000,"lp":157588000.00000000,
        "tp":158200000.00000000,"pcp":158200000.00000000,"atp":95088751392.9099200000000000,"c":"EVEN","cp":0E-8,
        "scp":0E-8,"cr":0,"scr":0,"ab":"ASK","tv":0.00011188,"atv":600.09226312,"tdt":"20250926","ttm":"082646",
        "ttms":1758875206936,"aav":341.67996226,"abv":258.41230086,"h52wp":169900000.00000000,"h52wdt":"2025-08-14",
        "l52wp":80635000.00000000,"l52wdt":"2024-10-10","ms":"ACTIVE","its":false,"dd":null,"mw":"NONE",
        "tms":1758875206974,"atp24h":331188513477.17233,"atv24h":2083.83396972,"st":"REALTIME"}
        """#)

    static let ticker = lines(
        #"""
        {"type":"ticker","code":"KRW-BTC","opening_price":158219000.00000000,"high_price":159278000.00000000,
        "low_price":157588000.00000000,"trade_price":158200000.00000000,"prev_closing_price":158200000.00000000,
        "acc_trade_price":95088751392.9099200000000000,"change":"EVEN","change_price":0E-8,
        "signed_change_price":0E-8,"change_rate":0,"signed_change_rate":0,"ask_bid":"ASK","trade_volume":0.00011188,
        "acc_trade_volume":600.09226312,"trade_date":"20250926","trade_time":"082646",
        "trade_timestamp":1758875206936,"acc_ask_volume":341.67996226,"acc_bid_volume":258.41230086,
        "highest_52_week_price":169900000.00000000,"highest_52_week_date":"2025-08-14",
        "lowest_52_week_price":80635000.00000000,"lowest_52_week_date":"2024-10-10","market_state":"ACTIVE",
        "is_trading_suspended":false,"delisting_date":null,"market_warning":"NONE","timestamp":1758875206974,
        "acc_trade_price_24h":331188513477.17233,"acc_trade_volume_24h":2083.83396972,"stream_type":"REALTIME"}
        """#)

    /// Messages are broken over lines here, and whole again there.
    private static func lines(_ text: String) -> [[UInt8]] {
        var messages: [[UInt8]] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("{\"ty") { messages.append([]) }
            messages[messages.count - 1] += Array(line.utf8)
        }
        return messages
    }
}

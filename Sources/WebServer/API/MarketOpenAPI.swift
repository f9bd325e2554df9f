/// The description of `/api/market` for programs and their makers: OpenAPI 3.1.
enum MarketOpenAPI {
    static func text(version: String) -> String {
        template.replacing("$VERSION", with: String(LiveJSON.quoted(version).dropFirst().dropLast()))
    }

    private static let template = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "CryptoFlow market data",
            "version": "$VERSION",
            "description": "What the real-time path collects. Decimals are exact and written as strings; times are ISO 8601 in UTC. A market is named KRW-BTC, or upbit:KRW-BTC where several exchanges have it. Live updates come over the WebSocket /ws/prices."
          },
          "paths": {
            "/api/market/prices": {
              "get": {
                "operationId": "prices", "summary": "The newest price of every market, or of one",
                "parameters": [
                  {"name": "symbol", "in": "query", "schema": {"type": "string"}, "example": "KRW-BTC"},
                  {"$ref": "#/components/parameters/exchange"}
                ],
                "responses": {
                  "200": {"description": "Prices by exchange and market", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["prices"],
                    "properties": {"prices": {"type": "array", "items": {"$ref": "#/components/schemas/Price"}}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/market/symbols": {
              "get": {
                "operationId": "symbols", "summary": "The markets that are collected",
                "responses": {
                  "200": {"description": "Markets by exchange and code", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["symbols"],
                    "properties": {"symbols": {"type": "array", "items": {"$ref": "#/components/schemas/Symbol"}}}}}}},
                  "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/market/history": {
              "get": {
                "operationId": "history", "summary": "Candles of a market, oldest first: the newest that open in from ≤ t < to",
                "parameters": [
                  {"$ref": "#/components/parameters/symbol"}, {"$ref": "#/components/parameters/exchange"},
                  {"name": "unit", "in": "query", "schema": {"type": "string", "default": "1m", "enum": ["1s", "1m", "3m", "5m", "10m", "15m", "30m", "1h", "4h", "1d"]}},
                  {"name": "from", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                  {"name": "to", "in": "query", "schema": {"type": "string", "format": "date-time"}},
                  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 200}}
                ],
                "responses": {
                  "200": {"description": "Candles", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["exchange", "symbol", "unit", "candles"],
                    "properties": {
                      "exchange": {"type": "string"}, "symbol": {"type": "string"}, "unit": {"type": "string"},
                      "candles": {"type": "array", "items": {"$ref": "#/components/schemas/Candle"}}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/market/trades": {
              "get": {
                "operationId": "trades", "summary": "Trades of a market, newest first",
                "parameters": [
                  {"$ref": "#/components/parameters/symbol"}, {"$ref": "#/components/parameters/exchange"},
                  {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 100}},
                  {"name": "before", "in": "query", "description": "The next of the answer before, or a time", "schema": {"type": "string"}}
                ],
                "responses": {
                  "200": {"description": "Trades; next is null at the end", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["exchange", "symbol", "trades", "next"],
                    "properties": {
                      "exchange": {"type": "string"}, "symbol": {"type": "string"},
                      "trades": {"type": "array", "items": {"$ref": "#/components/schemas/Trade"}},
                      "next": {"type": ["string", "null"]}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/market/orderbook": {
              "get": {
                "operationId": "orderbook", "summary": "The newest order book of a market, best steps first",
                "parameters": [
                  {"$ref": "#/components/parameters/symbol"}, {"$ref": "#/components/parameters/exchange"},
                  {"name": "depth", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 30, "default": 15}}
                ],
                "responses": {
                  "200": {"description": "The order book", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["exchange", "symbol", "at", "bids", "asks"],
                    "properties": {
                      "exchange": {"type": "string"}, "symbol": {"type": "string"},
                      "at": {"type": "string", "format": "date-time"},
                      "bids": {"type": "array", "items": {"$ref": "#/components/schemas/Level"}},
                      "asks": {"type": "array", "items": {"$ref": "#/components/schemas/Level"}}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"},
                  "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            }
          },
          "components": {
            "parameters": {
              "symbol": {"name": "symbol", "in": "query", "required": true, "schema": {"type": "string"}, "example": "KRW-BTC"},
              "exchange": {"name": "exchange", "in": "query", "schema": {"type": "string"}, "example": "upbit"}
            },
            "responses": {
              "Problem": {"description": "What went wrong", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
            },
            "schemas": {
              "Decimal": {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"},
              "Level": {"type": "array", "prefixItems": [{"$ref": "#/components/schemas/Decimal"}, {"$ref": "#/components/schemas/Decimal"}], "description": "Price and size"},
              "Price": {
                "type": "object", "required": ["exchange", "symbol", "price", "at"],
                "properties": {
                  "exchange": {"type": "string"}, "symbol": {"type": "string"},
                  "price": {"$ref": "#/components/schemas/Decimal"}, "at": {"type": "string", "format": "date-time"},
                  "change": {"$ref": "#/components/schemas/Decimal"}, "change_rate": {"$ref": "#/components/schemas/Decimal"},
                  "high": {"$ref": "#/components/schemas/Decimal"}, "low": {"$ref": "#/components/schemas/Decimal"},
                  "volume_24h": {"$ref": "#/components/schemas/Decimal"}, "value_24h": {"$ref": "#/components/schemas/Decimal"}}
              },
              "Symbol": {
                "type": "object", "required": ["exchange", "symbol", "name", "is_protected"],
                "properties": {
                  "exchange": {"type": "string"}, "symbol": {"type": "string"}, "name": {"type": ["string", "null"]},
                  "is_protected": {"type": "boolean"}}
              },
              "Candle": {
                "type": "object", "required": ["open_time", "open", "high", "low", "close", "volume", "value"],
                "properties": {
                  "open_time": {"type": "string", "format": "date-time"},
                  "open": {"$ref": "#/components/schemas/Decimal"}, "high": {"$ref": "#/components/schemas/Decimal"},
                  "low": {"$ref": "#/components/schemas/Decimal"}, "close": {"$ref": "#/components/schemas/Decimal"},
                  "volume": {"$ref": "#/components/schemas/Decimal"}, "value": {"$ref": "#/components/schemas/Decimal"}}
              },
              "Trade": {
                "type": "object", "required": ["at", "price", "volume", "side", "sequential_id"],
                "properties": {
                  "at": {"type": "string", "format": "date-time"}, "price": {"$ref": "#/components/schemas/Decimal"},
                  "volume": {"$ref": "#/components/schemas/Decimal"}, "side": {"enum": ["bid", "ask"]},
                  "sequential_id": {"type": "string"}}
              },
              "Problem": {
                "type": "object", "required": ["error"],
                "properties": {"error": {
                  "type": "object", "required": ["code", "message", "detail"],
                  "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "detail": {"type": "string"}}}}
              }
            }
          }
        }

        """#
}

/// The description of `/api/market` and `/api/ai` for programs and their makers: OpenAPI 3.1.
enum OpenAPI {
    static func text(version: String) -> String {
        template.replacing("$VERSION", with: String(LiveJSON.quoted(version).dropFirst().dropLast()))
    }

    private static let template = #"""
        {
          "openapi": "3.1.0",
          "info": {
            "title": "CryptoFlow market data and forecasts",
            "version": "$VERSION",
            "description": "What the real-time path collects, and what models make of it. Decimals of the exchange are exact and written as strings, computed figures are numbers; times are ISO 8601 in UTC. A market is named KRW-BTC, or upbit:KRW-BTC where several exchanges have it. Live updates come over the WebSocket /ws/prices."
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
            },
            "/api/ai/models": {
              "get": {
                "operationId": "models", "summary": "The newest models, and which one is in use",
                "parameters": [{"$ref": "#/components/parameters/limit"}],
                "responses": {
                  "200": {"description": "Models, newest first; in_use is an id, null while forecasts are naive", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["models", "in_use"],
                    "properties": {
                      "models": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
                      "in_use": {"type": ["integer", "null"]}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/ai/models/{model}": {
              "get": {
                "operationId": "model", "summary": "Everything about one model: scores, windows, features, calibration, drift, origin",
                "parameters": [{"name": "model", "in": "path", "required": true, "description": "An id, a name, or current for the one in use", "schema": {"type": "string"}}],
                "responses": {
                  "200": {"description": "The model", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelFacts"}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "404": {"$ref": "#/components/responses/Problem"},
                  "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            },
            "/api/ai/predictions": {
              "get": {
                "operationId": "predictions", "summary": "Forecasts of the next hour with what came of them, newest first",
                "parameters": [
                  {"name": "symbol", "in": "query", "schema": {"type": "string"}, "example": "KRW-BTC"},
                  {"$ref": "#/components/parameters/exchange"}, {"$ref": "#/components/parameters/limit"}
                ],
                "responses": {
                  "200": {"description": "Forecasts", "content": {"application/json": {"schema": {
                    "type": "object", "required": ["predictions"],
                    "properties": {"predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}}}}}}},
                  "400": {"$ref": "#/components/responses/Problem"}, "503": {"$ref": "#/components/responses/Problem"}
                }
              }
            }
          },
          "components": {
            "parameters": {
              "symbol": {"name": "symbol", "in": "query", "required": true, "schema": {"type": "string"}, "example": "KRW-BTC"},
              "exchange": {"name": "exchange", "in": "query", "schema": {"type": "string"}, "example": "upbit"},
              "limit": {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50}}
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
              "Scores": {
                "type": "object", "description": "mae and rmse are in log returns; profits are fractions of the stake",
                "required": ["rows", "mae", "rmse", "directional_accuracy", "log_loss", "accuracy", "calibration_error", "band_coverage", "paper_profit", "paper_trades"],
                "properties": {
                  "rows": {"type": "integer"}, "mae": {"type": "number"}, "rmse": {"type": "number"},
                  "directional_accuracy": {"type": ["number", "null"]}, "log_loss": {"type": "number"}, "accuracy": {"type": "number"},
                  "calibration_error": {"type": ["number", "null"]}, "band_coverage": {"type": ["number", "null"]},
                  "paper_profit": {"type": "number"}, "paper_trades": {"type": "integer"}}
              },
              "Hours": {
                "type": ["object", "null"], "description": "A model beside the naive forecast on the same hours",
                "required": ["from", "until", "model", "naive", "buy_and_hold"],
                "properties": {
                  "from": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
                  "model": {"$ref": "#/components/schemas/Scores"}, "naive": {"$ref": "#/components/schemas/Scores"},
                  "buy_and_hold": {"type": "number"}}
              },
              "Model": {
                "type": "object", "required": ["id", "name", "created_at", "promoted_at", "is_in_use", "verdict", "reason", "judged"],
                "properties": {
                  "id": {"type": "integer"}, "name": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"},
                  "promoted_at": {"type": ["string", "null"], "format": "date-time"}, "is_in_use": {"type": "boolean"},
                  "verdict": {"enum": ["better", "not_better", "not_judged"]}, "reason": {"type": "string"},
                  "judged": {"$ref": "#/components/schemas/Hours"}}
              },
              "ModelFacts": {
                "allOf": [{"$ref": "#/components/schemas/Model"}],
                "type": "object", "required": ["sha256", "in_use_then", "markets", "walk_forward", "walk_forward_total", "features", "calibration", "drift", "parameters", "made_by"],
                "properties": {
                  "sha256": {"type": "string"}, "in_use_then": {"type": ["object", "null"]},
                  "markets": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/Hours"}},
                  "walk_forward": {"type": "array", "items": {"$ref": "#/components/schemas/Hours"}},
                  "walk_forward_total": {"$ref": "#/components/schemas/Hours"},
                  "features": {"type": "array", "items": {"type": "object"}},
                  "calibration": {"type": "array", "items": {"type": "object"}},
                  "drift": {"type": "array", "items": {"type": "object"}},
                  "parameters": {"type": "object"}, "made_by": {"type": ["object", "null"]}}
              },
              "Prediction": {
                "type": "object",
                "required": ["exchange", "symbol", "target_time", "made_at", "is_late", "model_id", "model", "market_known", "close", "forecast_price", "lower_price", "upper_price", "dead_band", "p_down", "p_flat", "p_up", "actual_close", "error", "is_inside"],
                "properties": {
                  "exchange": {"type": "string"}, "symbol": {"type": "string"},
                  "target_time": {"type": "string", "format": "date-time", "description": "The start of the hour forecast; the price is meant as of its end"},
                  "made_at": {"type": "string", "format": "date-time"}, "is_late": {"type": "boolean"},
                  "model_id": {"type": ["integer", "null"], "description": "Null for the naive forecast"}, "model": {"type": "string"},
                  "market_known": {"type": "boolean"}, "close": {"$ref": "#/components/schemas/Decimal"}, "forecast_price": {"type": "number"},
                  "lower_price": {"type": ["number", "null"]}, "upper_price": {"type": ["number", "null"]},
                  "dead_band": {"type": "number", "description": "A log return of at most this much either way is flat"},
                  "p_down": {"type": ["number", "null"]}, "p_flat": {"type": ["number", "null"]}, "p_up": {"type": ["number", "null"]},
                  "actual_close": {"type": ["string", "null"]}, "error": {"type": ["number", "null"], "description": "Actual less forecast log return"},
                  "is_inside": {"type": ["boolean", "null"]}}
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

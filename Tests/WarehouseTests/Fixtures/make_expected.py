#!/usr/bin/env python3
"""Writes indicators_candles.csv and indicators_expected.csv: hourly candles and what pandas computes from them.

Run only to make the fixtures anew; the tests read the CSV files. Needs Python 3.11, pandas 2 or later and a folder
with recorded hourly candles, one file a market, named upbit_<MARKET>_60m.csv.gz, with the columns
open_time_utc,open,high,low,close,volume:

    make_expected.py FOLDER

The indicators are written here a second time, from docs/INDICATORS.md and with pandas' own functions, over the whole
series from its first candle; the SQL reads a window of at most 1,000 candles. That both agree is what is tested.
"""

import pathlib
import sys

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
HOURS_A_YEAR = 24 * 365

# Two stretches with an exchange's maintenance inside: 2023-03-31 (3 hours) and 2022-12-31 (2 hours). The first is
# longer than 1,000 candles, so its late rows have lost sight of the first; the second starts cold.
STRETCHES = [
    ("KRW-BTC", "2023-02-14T00:00:00Z", "2023-04-10T16:00:00Z"),
    ("KRW-DOGE", "2022-12-22T00:00:00Z", "2023-01-09T00:00:00Z"),
]


def wilder(values: pd.Series, n: int) -> pd.Series:
    """Wilder's average: the mean of the first n values, then ewm with alpha 1/n."""
    present = values.dropna()
    seeded = present.iloc[n - 1:].copy()
    seeded.iloc[0] = present.iloc[:n].mean()
    return seeded.ewm(alpha=1 / n, adjust=False).mean().reindex(values.index)


def indicators(candles: pd.DataFrame) -> pd.DataFrame:
    """Indicators of candles indexed by open time, in the columns of gold_trend_volatility."""
    o, h, l, c = (candles[name].astype(float) for name in ("open", "high", "low", "close"))
    out = pd.DataFrame(index=candles.index)
    for n in (7, 25, 99):
        out[f"ma_{n}"] = c.rolling(n).mean()
    for n in (12, 26):
        out[f"ema_{n}"] = c.ewm(span=n, adjust=False).mean()

    change = c.diff()
    gain, loss = wilder(change.clip(lower=0), 14), wilder((-change).clip(lower=0), 14)
    out["rsi_14"] = 100 - 100 / (1 + gain / loss)

    out["macd"] = out["ema_12"] - out["ema_26"]
    out["macd_signal"] = out["macd"].ewm(span=9, adjust=False).mean()
    out["macd_hist"] = out["macd"] - out["macd_signal"]

    previous = c.shift()
    true_range = pd.concat([h - l, (h - previous).abs(), (l - previous).abs()], axis=1).max(axis=1)
    out["atr_14"] = wilder(true_range, 14)

    out["bb_middle"] = c.rolling(20).mean()
    deviation = c.rolling(20).apply(lambda x: np.std(x, ddof=0), raw=True)
    out["bb_upper"] = out["bb_middle"] + 2 * deviation
    out["bb_lower"] = out["bb_middle"] - 2 * deviation

    # A grid of all hours turns "the last n hours" into "the last n rows"; a missing hour has neither return nor range.
    grid = pd.date_range(candles.index[0], candles.index[-1], freq="h")
    og, hg, lg, cg = (x.reindex(grid) for x in (o, h, l, c))
    returns = np.log(cg / cg.shift())
    parkinson = np.log(hg / lg) ** 2 / (4 * np.log(2))
    garman_klass = 0.5 * np.log(hg / lg) ** 2 - (2 * np.log(2) - 1) * np.log(cg / og) ** 2
    for n in (24, 168):
        enough = returns.rolling(n, min_periods=1).count() >= 0.9 * n
        std = returns.rolling(n, min_periods=2).apply(lambda x: np.nanstd(x, ddof=1), raw=True)
        annual = {
            "close": std * np.sqrt(HOURS_A_YEAR),
            "parkinson": np.sqrt(parkinson.rolling(n, min_periods=1).mean() * HOURS_A_YEAR),
            "garman_klass": np.sqrt(garman_klass.rolling(n, min_periods=1).mean() * HOURS_A_YEAR),
        }
        for name, values in annual.items():
            out[f"vol_{name}_{n}h"] = values.where(enough).reindex(candles.index)
        out[f"missing_{n}h"] = (n - cg.rolling(n, min_periods=1).count()).reindex(candles.index).astype(int)

    hour = pd.Series(candles.index, index=range(len(candles)))
    first = hour.shift(98).fillna(hour.iloc[0])
    rows = pd.Series(range(1, len(candles) + 1)).clip(upper=99)
    span = ((hour - first) / pd.Timedelta("1h")).round().astype(int) + 1
    out["missing_99"] = (span - rows).to_numpy()
    return out


def main(folder: pathlib.Path) -> None:
    all_candles, all_expected = [], []
    for market, start, end in STRETCHES:
        # Prices stay text, so the fixture holds the digits of the recording.
        candles = pd.read_csv(folder / f"upbit_{market}_60m.csv.gz", dtype=str)
        candles = candles[(candles["open_time_utc"] >= start) & (candles["open_time_utc"] < end)]
        all_candles.append(candles.assign(market=market))
        expected = indicators(candles.set_index(pd.to_datetime(candles["open_time_utc"])))
        expected.insert(0, "open_time_utc", candles["open_time_utc"].to_numpy())
        expected.insert(0, "market", market)
        # Every row near the start and after a gap, where the rules bite; elsewhere each eleventh is enough.
        position = np.arange(len(expected))
        near_gap = (expected["missing_24h"] > 0).to_numpy()
        last = position >= len(expected) - 5
        all_expected.append(expected[(position < 30) | near_gap | (position % 11 == 0) | last])

    columns = ["market", "open_time_utc", "open", "high", "low", "close", "volume"]
    pd.concat(all_candles)[columns].to_csv(HERE / "indicators_candles.csv", index=False, lineterminator="\n")
    pd.concat(all_expected).to_csv(HERE / "indicators_expected.csv", index=False, lineterminator="\n")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: make_expected.py FOLDER")
    main(pathlib.Path(sys.argv[1]))

"""From chains to surfaces: where spot, rates, volatilities and Greeks come from, and what is left out and why."""

from __future__ import annotations

import dataclasses
import math
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from options.hand_quotes import ASOF, DIVIDEND, MONTH, RATE, STRIKES, chain, change, contract, rows, smile, value

from feeds.chains.chain import Chain
from feeds.chains.synthetic import Smile, synthetic_chain
from feeds.errors import ConfigError, DataError
from indicators.gex.preparing import prepare
from indicators.gex.settings import GexSettings
from indicators.options import black_scholes
from indicators.options.rates import Curve

DEFAULT = GexSettings()
GIVEN = GexSettings(rate=RATE, dividend_yield=DIVIDEND)
NONE = GexSettings(rate=0.0, dividend_yield=0.0)


def bsm_gamma(strike, sigma, days=30.0, rate=RATE, dividend=DIVIDEND):
    years = days / 365
    d1 = (math.log(100 / strike) + (rate - dividend + sigma**2 / 2) * years) / (sigma * math.sqrt(years))
    density = math.exp(-(d1**2) / 2) / math.sqrt(2 * math.pi)
    return math.exp(-dividend * years) * density / (100 * sigma * math.sqrt(years))


def vendor(**more):
    """No quotes; the vendor's volatility of the smile and its exact gamma."""
    frame = rows(quoted=False)
    iv = frame["strike"].map(smile)
    return frame.assign(iv=iv, gamma=[bsm_gamma(k, v) for k, v in zip(frame["strike"], iv, strict=True)], **more)


class TestTwoContracts:
    """Spec O2: a call at 110 and a put at 90, 20 %, thirty days, no rates, no quotes."""

    surface = prepare(
        chain(
            pd.DataFrame(
                {
                    "root": "TEST", "expiry_ts_utc": pd.Timestamp(MONTH), "strike": [110.0, 90.0], "right": ["C", "P"],
                    "oi": 1000.0, "iv": 0.2, "multiplier": 100.0,
                }
            )
        ),
        NONE,
    )  # fmt: skip

    def test_arrays(self):
        found = self.surface
        assert found.strike.tolist() == [90, 110] and found.is_call.tolist() == [False, True]
        assert found.oi.tolist() == [1000, 1000] and found.total == 2 and not found.dropped
        assert found.spot == 100 and found.spot_source == "given"
        np.testing.assert_allclose(found.years, 30 / 365, rtol=1e-15)
        np.testing.assert_allclose(found.gamma, [bsm_gamma(k, 0.2, rate=0, dividend=0) for k in (90, 110)], rtol=1e-12)
        assert found.greek_source.tolist() == ["vendor_iv"] * 2

    def test_what_was_forced_is_given(self):
        (expiry,) = self.surface.expiries
        assert (expiry.rate, expiry.dividend_yield, expiry.forward) == (0, 0, 100)
        assert expiry.rate_source == expiry.dividend_source == "given"
        assert expiry.settles == MONTH and expiry.root == "TEST"

    def test_nothing_is_made_up(self):
        assert np.isnan(self.surface.volume).all() and math.isnan(self.surface.parity_violations)
        assert self.surface.oi_date is None


class TestSpot:
    def test_the_chain_s_own_comes_first(self):
        found = prepare(chain(rows(), 100.1, spot_source="underlying_asset"), DEFAULT)
        assert (found.spot, found.spot_source) == (100.1, "underlying_asset")

    def test_without_one_parity_tells(self):
        """Forward by parity, then back with 4 % and 1.3 %, which made the prices."""
        found = prepare(chain(rows(), math.nan), DEFAULT)
        assert found.spot_source == "parity"
        assert found.spot == pytest.approx(100, abs=1e-9)
        assert any("implied by put-call parity" in note for note in found.notes)

    def test_one_settlement_of_another_instant_does_not_decide(self):
        """Three settlements within a week; the calls of the first are half a point too dear: the median is 100."""
        first = rows(days=0.5)
        first.loc[first["right"] == "C", ["bid", "ask"]] += 0.5
        found = prepare(chain(pd.concat([first, rows(days=3), rows(days=7)]), math.nan), DEFAULT)
        assert found.spot == pytest.approx(100, abs=1e-9)

    def test_without_quotes_either_it_is_an_error(self):
        with pytest.raises(DataError, match=r"hand\.csv: no spot, .* give the price of the underlying"):
            prepare(chain(rows(quoted=False, iv=0.2), math.nan), DEFAULT)

    def test_a_spot_that_the_quotes_contradict_is_kept_and_noted(self):
        found = prepare(chain(rows(), 101.0), DEFAULT)
        assert found.spot == 101
        assert "spot 101.00 is +1.00% from the 100.00 that put-call parity implies" in found.notes
        assert not any("parity" in note for note in prepare(chain(rows(), 100.1), DEFAULT).notes)


class TestRates:
    @pytest.mark.parametrize(
        ("settings", "curve", "rate", "source"),
        [
            (GexSettings(rate=0.02), Curve((1.0,), (0.03,)), 0.02, "given"),
            (DEFAULT, Curve((1.0,), (0.03,)), 0.03, "curve"),
            (DEFAULT, None, 0.04, "fallback"),
        ],
    )
    def test_given_then_curve_then_fallback(self, settings, curve, rate, source):
        (expiry,) = prepare(chain(rows()), settings, curve).expiries
        assert (expiry.rate, expiry.rate_source) == (rate, source)

    def test_the_yield_comes_from_parity(self):
        (expiry,) = prepare(chain(rows()), DEFAULT).expiries
        assert expiry.dividend_source == "parity"
        assert expiry.dividend_yield == pytest.approx(DIVIDEND, abs=1e-9)
        assert expiry.forward == pytest.approx(100 * math.exp(0.027 * 30 / 365), abs=1e-9)

    def test_else_from_the_fallback(self):
        (expiry,) = prepare(chain(vendor()), DEFAULT).expiries
        assert (expiry.dividend_yield, expiry.dividend_source) == (0.013, "fallback")

    def test_forwards_that_contradict_the_spot_are_not_used(self):
        """Strikes of a fund with the spot of its index."""
        found = prepare(chain(rows(iv=0.2), 1000.0), DEFAULT)
        assert found.expiries[0].dividend_source == "fallback"
        assert any("contradict the spot" in note for note in found.notes)

    @pytest.mark.parametrize("wrong", [{"rate": 4.0}, {"dividend_yield": math.nan}, {"max_dte": 0}, {"day_count": "x"}])
    def test_settings_out_of_bounds_are_refused(self, wrong):
        with pytest.raises(ConfigError, match=next(iter(wrong))):
            prepare(chain(rows()), GexSettings(**wrong))


class TestGamma:
    def of(self, frame, strike=105.0, right="C", settings=GIVEN):
        found = prepare(chain(frame), settings)
        i = contract(found, strike, right)
        return str(found.greek_source[i]), found.gamma[i], found.sigma[i]

    def test_the_vendor_s_within_a_quarter(self):
        exact = bsm_gamma(105, smile(105))
        for factor in (0.76, 1.0, 1.24):
            source, gamma, sigma = self.of(change(vendor(), 105, "C", gamma=factor * exact))
            assert (source, gamma, sigma) == ("vendor", factor * exact, smile(105))

    @pytest.mark.parametrize("factor", [0.74, 1.26, 0.0, math.nan])
    def test_else_black_scholes_at_the_vendor_s_volatility(self, factor):
        exact = bsm_gamma(105, smile(105))
        source, gamma, _ = self.of(change(vendor(), 105, "C", gamma=factor * exact))
        assert source == "vendor_iv" and gamma == pytest.approx(exact, rel=1e-12)

    def test_else_at_the_solved_volatility_of_the_side_out_of_the_money(self):
        """The put at 105 is in the money: its own quotes are shifted by 0.50 and must not matter."""
        frame = change(rows(), 105, "P", bid=value(105, "P", 0.3), ask=value(105, "P", 0.3) + 0.02)
        for right in "CP":
            source, gamma, sigma = self.of(frame, right=right)
            assert source == "solved_iv" and sigma == pytest.approx(smile(105), abs=1e-8)
            assert gamma == pytest.approx(bsm_gamma(105, smile(105)), rel=1e-7)

    def test_or_of_the_only_side_that_is_quoted(self):
        frame = change(rows(), 105, "C", bid=0.0, ask=0.02, mid=0.01)
        for right in "CP":
            source, _, sigma = self.of(frame, right=right)
            assert source == "solved_iv" and sigma == pytest.approx(smile(105), abs=1e-8)

    def test_else_borrowed_from_the_other_side_of_the_strike(self):
        source, gamma, sigma = self.of(change(vendor(), 105, "C", iv=math.nan, gamma=math.nan))
        assert (source, sigma) == ("borrowed", smile(105))
        assert gamma == pytest.approx(bsm_gamma(105, smile(105)), rel=1e-12)

    def test_else_on_the_line_between_the_neighbours(self):
        frame = vendor()
        frame.loc[frame["strike"] == 105, ["iv", "gamma"]] = math.nan
        source, _, sigma = self.of(frame)
        share = math.log(105 / 100) / math.log(110 / 100)
        assert source == "borrowed"
        assert sigma == pytest.approx(smile(100) + share * (smile(110) - smile(100)), abs=1e-12)

    def test_never_beyond_the_outermost_strike(self):
        frame = vendor()
        frame.loc[frame["strike"] == 115, ["iv", "gamma"]] = math.nan
        found = prepare(chain(frame), GIVEN)
        assert found.strike.max() == 110 and found.dropped == {"no_price": 2}

    def test_a_volatility_that_no_market_has_is_none(self):
        """Placeholders such as 0.00001 or 9.99 do not count; the quotes do."""
        for placeholder in (0.00001, 9.99, 0.0):
            source, _, sigma = self.of(rows(iv=placeholder))
            assert source == "solved_iv" and sigma == pytest.approx(smile(105), abs=1e-8)

    def test_every_other_greek_is_black_scholes_with_the_volatility_in_use(self):
        found = prepare(chain(vendor()), GIVEN)
        exact = black_scholes.greeks(100, found.strike, 30 / 365, found.sigma, RATE, DIVIDEND, found.is_call)
        for name in ("delta", "vega", "vanna", "charm"):
            np.testing.assert_allclose(getattr(found, name), getattr(exact, name), rtol=1e-12)


class TestLeftOut:
    def test_every_reason_is_counted(self):
        frame = pd.concat(
            [
                change(change(rows(), 90, "P", oi=math.nan), 95, "P", multiplier=math.nan),
                rows((100.0,), root="OLD").assign(expiry_ts_utc=pd.Timestamp(ASOF)),
                rows((100.0, 105.0), days=94, root="FAR"),
            ]
        )
        found = prepare(chain(frame), DEFAULT)
        assert found.dropped == {"expired": 2, "beyond_max_dte": 4, "no_open_interest": 1, "no_multiplier": 1}
        assert found.total == 20 and len(found.strike) == 12 and len(found.expiries) == 1

    def test_open_interest_of_zero_is_an_answer(self):
        found = prepare(chain(change(rows(), 90, "P", oi=0.0)), DEFAULT)
        assert found.oi[contract(found, 90, "P")] == 0 and not found.dropped

    def test_a_price_without_volatility_says_why(self):
        """The outermost call, 115, for 150 points, more than the underlying."""
        frame = rows()
        frame.loc[frame["strike"] == 115, ["bid", "ask"]] = [150.0, 151.0]
        assert prepare(chain(frame), GIVEN).dropped == {"iv_above_upper_bound": 2}

    def test_a_crossed_quote_is_none(self):
        frame = rows()
        frame.loc[frame["strike"] == 115, ["bid", "ask"]] = [0.5, 0.4]
        assert prepare(chain(frame), GIVEN).dropped == {"no_price": 2}

    def test_a_mid_without_quotes_is_a_price(self):
        frame = rows().assign(bid=math.nan, ask=math.nan)
        found = prepare(chain(frame), GIVEN)
        np.testing.assert_allclose(found.sigma, [smile(k) for k in found.strike], atol=1e-8)
        assert math.isnan(found.parity_violations)

    def test_nothing_left_is_an_error_with_the_reasons(self):
        with pytest.raises(DataError, match=r"hand\.csv: none of 14 contracts can be used \(no_open_interest 14\)"):
            prepare(chain(rows(oi=math.nan)), DEFAULT)

    def test_an_empty_chain_is_an_error(self):
        with pytest.raises(DataError):
            prepare(dataclasses.replace(chain(rows()), rows=chain(rows()).rows.iloc[:0]), DEFAULT)

    def test_a_contract_twice_is_an_error(self):
        once = chain(rows())
        twice = dataclasses.replace(once, rows=pd.concat([once.rows, once.rows.iloc[[3]]]))
        with pytest.raises(DataError, match=r"hand\.csv: TEST 2026-09-02 90 P occurs twice"):
            prepare(twice, DEFAULT)

    def test_a_naive_clock_is_an_error(self):
        naive = dataclasses.replace(chain(rows()), asof=ASOF.replace(tzinfo=None))
        with pytest.raises(DataError, match="no time zone"):
            prepare(naive, DEFAULT)


class TestSettlements:
    def test_morning_and_afternoon_roots_of_one_date_stay_apart(self):
        """21 August 2026, the third Friday: SPX settles at 09:30, SPXW at 16:00 New York."""
        asof = datetime(2026, 8, 20, 20, tzinfo=UTC)
        frame = rows().drop(columns=["root", "expiry_ts_utc"])
        both = pd.concat([frame.assign(root=root, expiry=date(2026, 8, 21)) for root in ("SPX", "SPXW")])
        made = Chain.from_rows(both, symbol="SPX", asof=asof, spot=100.0, source="file")
        found = prepare(made, GexSettings(rate=0.0, dividend_yield=0.0))
        assert [(e.root, round(e.years * 365 * 24, 9)) for e in found.expiries] == [("SPX", 17.5), ("SPXW", 24.0)]
        assert [e.buckets for e in found.expiries] == [frozenset({"monthly"})] * 2
        assert found.expiry.tolist() == [0] * 14 + [1] * 14

    def test_buckets(self):
        """3 August 2026 is a Monday: 18 days later is the third Friday; half an hour later is today."""
        made = pd.concat([rows(days=days) for days in (0.5 / 24, 18, 19)])
        found = prepare(chain(made), DEFAULT)
        assert [sorted(e.buckets) for e in found.expiries] == [["0dte", "weekly"], ["monthly"], ["weekly"]]

    def test_the_thursday_before_good_friday_is_monthly(self):
        """17 April 2025: the exchange is closed on the third Friday."""
        frame = rows().assign(expiry_ts_utc=pd.Timestamp("2025-04-17 20:00", tz="UTC"))
        asof = datetime(2025, 4, 10, 20, tzinfo=UTC)
        made = Chain.from_rows(frame, symbol="TEST", asof=asof, spot=100.0, source="file")
        assert prepare(made, DEFAULT).expiries[0].buckets == {"monthly"}

    def test_trading_time(self):
        found = prepare(chain(rows(days=1)), dataclasses.replace(DEFAULT, day_count="bus252"))
        assert found.expiries[0].years == pytest.approx(1 / 252, rel=1e-12)


class TestWhole:
    def test_the_smile_of_a_chain_comes_back_from_its_quotes(self):
        """Mid prices only, 16 settlements: every volatility is the generator's to 1e-8."""
        made = synthetic_chain("SPX", contracts=2000, expiries=16, greeks=False)
        found = prepare(made, DEFAULT)
        assert not found.dropped and found.parity_violations == 0 and set(found.greek_source) == {"solved_iv"}
        forward = np.array([expiry.forward for expiry in found.expiries])[found.expiry]
        expected = Smile().sigma(np.log(found.strike / forward), found.years)
        np.testing.assert_allclose(found.sigma, expected, atol=1e-8)
        assert found.oi_date == date(2026, 6, 9)

    def test_the_order_of_rows_does_not_matter(self):
        once = chain(pd.concat([rows(), rows(days=7)]))
        shuffled = dataclasses.replace(once, rows=once.rows.sample(frac=1, random_state=1))
        one, two = prepare(once, DEFAULT), prepare(shuffled, DEFAULT)
        for name in ("strike", "is_call", "expiry", "sigma", "gamma", "oi"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert one.expiries == two.expiries

    def test_quotes_that_break_parity_are_counted(self):
        """Ten points too much on two of the five puts within 10 % of the spot; beyond, they are told in a note."""
        for strikes, share in (([90, 110], 2 / 5), ([85, 115], 0.0)):
            frame = rows()
            frame.loc[frame["strike"].isin(strikes) & (frame["right"] == "P"), ["bid", "ask"]] += 10.0
            found = prepare(chain(frame), DEFAULT)
            assert found.parity_violations == pytest.approx(share)
            assert f"28.6% of all call-put pairs break put-call parity, {share:.1%} near the spot" in found.notes
        assert prepare(chain(rows()), DEFAULT).parity_violations == 0
        assert prepare(chain(rows()), NONE).parity_violations == 0  # a forced rate is no fault of the quotes

    def test_american_exercise_is_flagged(self):
        noted = "american options priced as european (Black-Scholes-Merton)"
        assert noted in prepare(chain(rows(style="american")), DEFAULT).notes
        assert noted not in prepare(chain(rows(style="european")), DEFAULT).notes

    def test_a_call_and_a_put_share_their_gamma(self):
        """O6, on a whole surface."""
        found = prepare(chain(rows()), DEFAULT)
        for strike in STRIKES:
            assert found.gamma[contract(found, strike, "C")] == found.gamma[contract(found, strike, "P")]

    def test_five_minutes_before_the_end(self):
        found = prepare(chain(rows((99.5, 100.0, 100.5), days=1 / 1440, iv=0.3)), DEFAULT)
        np.testing.assert_allclose(found.years, 300 / 86400 / 365)
        assert timedelta(minutes=1) == found.expiries[0].settles - ASOF

"""The fitted demand of a company: frozen, storable, and drawn in blocks of trials."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from models.arrays import BoolArray, FloatArray, IntArray
from models.calendar import MAXIMUM_MONTHS, Calendar
from models.demand import storage
from models.demand.acquisition import draw_response
from models.demand.anonymous import draw_factors
from models.demand.arrivals import NewStreams, draw_cohorts
from models.demand.bank import DemandBank
from models.demand.basket import Basket, draw_shares
from models.demand.price import draw_elasticity
from models.demand.residual import SHARED, Residual, draw_residual, draw_shared
from models.demand.season import Season, season_errors
from models.demand.steady import draw_steady
from models.ltv import Arrivals, ArrivalSettings, BetaGeoNBD, Customers
from models.streams import index_of, keys_of

BEST_SHARE = 0.1
BEST_MONTHS = 24
"""Who a company's best customers are: the tenth with the most orders expected over two years."""


@dataclass(frozen=True)
class Streams:
    """Sources of new customers: a market's acquisition channels and, without spend, its organic customers.

    All (stream,) but ``mean`` (stream, month) and ``load`` (stream, source, month). ``channel`` is the
    acquisition channel or -1; ``reach`` the acquisition envelope; ``beta`` ± ``beta_sd`` the elasticity to
    spend; ``log_sd`` the standard error of the log of their number; ``load`` is that of a ``CountForecast``;
    ``mean`` expected new customers a month at plan, before the nowcast.
    """

    name: tuple[str, ...]
    segment: IntArray
    channel: IntArray
    reach: FloatArray
    beta: FloatArray
    beta_sd: FloatArray
    log_sd: FloatArray
    mean: FloatArray
    load: FloatArray


@dataclass(frozen=True, eq=False)
class DemandModel:
    """Fitted demand; months are forecast months, segments are market × sales channel in key order.

    ``expected_units`` (segment, month, item) and ``expected_orders`` (segment, month) are base expectations
    over 48 months: season and nowcast in, residual at its mean one. ``base_spend`` company currency and
    ``expected_new`` customers, both (market, acquisition channel, month). ``units_per_order`` (segment,).
    ``base_price`` (market, item) recent mean net price in market currency. ``known`` (segment,) whether
    customers carry a key.
    """

    start: str
    market_keys: tuple[str, ...]
    sales_channel_keys: tuple[str, ...]
    channel_keys: tuple[str, ...]
    item_keys: tuple[str, ...]
    known: BoolArray
    envelope: float
    acquisition_envelope: float
    parameters: str
    season: Season
    residual: Residual
    elasticity_mean: FloatArray
    elasticity_sd: FloatArray
    streams: Streams
    anonymous_mean: FloatArray
    anonymous_load: FloatArray
    basket: Basket
    fits: tuple[BetaGeoNBD, ...]
    customers: tuple[Customers, ...]
    expected_orders: FloatArray
    expected_units: FloatArray
    expected_new: FloatArray
    base_spend: FloatArray
    units_per_order: FloatArray
    base_price: FloatArray
    diagnostics: Mapping[str, Any]

    @property
    def segment_keys(self) -> tuple[str, ...]:
        """Keys ``market/channel``."""
        return tuple(f"{m}/{c}" for m in self.market_keys for c in self.sales_channel_keys)

    @cached_property
    def best_customers(self) -> tuple[BoolArray, ...]:
        """Whether each known customer is among the best tenth of its segment by expected orders over
        ``BEST_MONTHS``, one array (customer,) a segment.
        """
        days = float(self.clock()[BEST_MONTHS])
        return tuple(
            best_of(fit.expected_orders(customers, days=days).to_numpy())
            if len(customers)
            else np.zeros(0, dtype=bool)
            for fit, customers in zip(self.fits, self.customers, strict=True)
        )

    def clock(self, months: int = MAXIMUM_MONTHS) -> FloatArray:
        """Operational days at the forecast's month starts, shape (month + 1,), 0 now."""
        calendar = Calendar(dt.date.fromisoformat(self.start), months)
        return self.season.clock(calendar.month_of_year, np.diff(calendar.month_start))

    def draw(
        self,
        trials: range,
        seed: int,
        calendar: Calendar | None = None,
        *,
        months: int | None = None,
        reach: float | None = None,
    ) -> DemandBank:
        """Draws of a block of trials: the same numbers for a trial whatever the block, the months kept or the
        scenario.

        ``months`` (default: the calendar's, else 36) only cuts what is kept; every address stays. ``reach``
        is the largest acquisition level that will be asked for (default: the envelope): up to 1 the customers
        that only a level above plan would win are not drawn, which changes no other number.
        """
        shown = (
            months if months is not None else (calendar.months if calendar is not None else MAXIMUM_MONTHS)
        )
        if not 1 <= shown <= MAXIMUM_MONTHS:
            raise ValueError(f"months: 1 to {MAXIMUM_MONTHS} | got {shown}")
        if trials.step != 1 or len(trials) == 0:
            raise ValueError(f"trials: a range of at least one trial with step 1 | got {trials}")
        if calendar is not None and calendar.start.isoformat() != self.start:
            raise ValueError(f"calendar: the forecast starts on {self.start} | got {calendar.start}")
        whole = Calendar(dt.date.fromisoformat(self.start), MAXIMUM_MONTHS)
        residual = draw_residual(self.residual, self.market_keys, trials, seed, shown)
        base = residual * self.residual.nowcast(shown)[None]
        if np.any(self.season.log_sd > 0.0):
            base = base * season_errors(self.season, trials, seed)[:, None, whole.month_of_year[:shown]]
        above_plan = reach is None or reach > 1.0
        response, cohorts = self._cohorts(trials, seed, shown, above_plan, whole.month_start)
        baskets = self._baskets(trials, seed)
        steady, whose = self._steady(trials, seed, shown)
        return DemandBank(
            trials=trials,
            months=shown,
            market_keys=self.market_keys,
            channel_keys=self.channel_keys,
            segment_keys=self.segment_keys,
            item_keys=self.item_keys,
            envelope=self.envelope,
            reach=self.acquisition_envelope if above_plan else 1.0,
            acquisition_envelope=self.acquisition_envelope,
            residual=residual,
            base_multiplier=np.ascontiguousarray(base),
            elasticity=draw_elasticity(
                self.elasticity_mean, self.elasticity_sd, self.market_keys, trials, seed
            ),
            response=response,
            stream_segment=self.streams.segment,
            stream_channel=self.streams.channel,
            steady=steady,
            whose=whose,
            first=cohorts[0],
            later=cohorts[1],
            returning=cohorts[2],
            month_start=whole.month_start[: shown + 1],
            first_weekday=int(whole.weekday[0]),
            weekday=self.basket.weekday,
            epoch=self.basket.epoch[:shown],
            size=self.basket.size,
            order_key=keys_of(seed, [f"order/{segment}" for segment in self.segment_keys]),
            **baskets,
        )

    def _steady(self, trials: range, seed: int, months: int) -> Any:
        clock = self.clock()
        existing: list[Arrivals] = [
            fit.sample_arrivals(
                customers,
                ArrivalSettings(
                    seed=seed,
                    name=f"customers/{segment}",
                    clock=clock,
                    envelope=self.envelope,
                    kept=months,
                    parameters=self.parameters,
                ),
                trials,
            )
            for segment, fit, customers in zip(self.segment_keys, self.fits, self.customers, strict=True)
        ]
        names = [f"anonymous/{segment}" for segment in self.segment_keys]
        factors = draw_factors(
            self.anonymous_load[:, :, :months],
            [f"{n}/level" for n in names],
            trials,
            seed,
            *self._shared(trials, seed, np.arange(len(names))),
        )
        mean = self.anonymous_mean[None, :, :months] * factors
        return draw_steady(
            existing, mean, keys_of(seed, names), trials.start, self.envelope, self.best_customers
        )

    def _cohorts(
        self, trials: range, seed: int, months: int, above_plan: bool, edge: IntArray
    ) -> tuple[FloatArray, Any]:
        streams = self.streams
        names = [f"cohort/{name}" for name in streams.name]
        shared = self._shared(trials, seed, streams.segment)
        beta, factor = draw_response(
            streams.beta,
            streams.beta_sd,
            streams.log_sd,
            [f"{n}/response" for n in names],
            trials,
            seed,
            *shared,
        )
        drift = draw_factors(
            streams.load[:, :, :months],
            [f"{n}/level" for n in names],
            trials,
            seed,
            *shared,
        )
        mean = np.ascontiguousarray(streams.mean[None, :, :months] * factor[:, :, None] * drift)
        by_segment = [
            fit.parameters_by_trial(
                trials=trials, seed=seed, name=f"customers/{segment}", parameters=self.parameters
            )
            for segment, fit in zip(self.segment_keys, self.fits, strict=True)
        ]
        parameters = np.ascontiguousarray(np.stack(by_segment, axis=1)[:, streams.segment])
        response = np.zeros((len(trials), len(self.market_keys), len(self.channel_keys)))
        per_market = len(self.sales_channel_keys)
        for s in np.flatnonzero(streams.channel >= 0):
            response[:, streams.segment[s] // per_market, streams.channel[s]] = beta[:, s]
        marks = draw_cohorts(
            mean,
            parameters,
            NewStreams(
                streams.reach if above_plan else np.minimum(streams.reach, 1.0),
                self.known[streams.segment],
                keys_of(seed, names),
                keys_of(seed, [f"path/{name}" for name in streams.name]),
            ),
            self.clock(),
            np.ascontiguousarray(edge, dtype=np.int64),
            trials.start,
            self.envelope,
        )
        return response, marks

    def _shared(self, trials: range, seed: int, segment: IntArray) -> tuple[FloatArray, float]:
        """Scores that the level errors of series share, by the market of their segment, and their weight."""
        scores = draw_shared(self.residual, self.market_keys, trials, seed)
        return scores[:, segment // len(self.sales_channel_keys)], SHARED if self.residual.on else 0.0

    def _baskets(self, trials: range, seed: int) -> dict[str, Any]:
        basket, segments = self.basket, self.segment_keys
        always_lines = np.ones((1, basket.lines.shape[1]), dtype=bool)
        always_sizes = np.ones((1, len(basket.size)), dtype=bool)
        count = np.arange(1, basket.lines.shape[1] + 1, dtype=np.uint64)
        units = basket.size.astype(np.uint64)
        items = np.array([index_of(item) for item in self.item_keys], dtype=np.uint64)
        tables = {
            "lines": (basket.lines, always_lines, count),
            "sizes": (basket.sizes, always_sizes, units),
            "mix": (basket.mix, basket.active, items),
        }
        return {
            name: draw_shares(evidence, active, [f"{name}/{c}" for c in segments], trials, seed, address)
            for name, (evidence, active, address) in tables.items()
        }

    def select(self, markets: tuple[str, ...]) -> DemandModel:
        """The same frozen calibration for some of the markets; what is drawn for them does not change."""
        unknown = sorted(set(markets) - set(self.market_keys))
        if unknown:
            raise ValueError(f"markets: unknown | got {unknown} | known are {list(self.market_keys)}")
        keep = np.array([i for i, key in enumerate(self.market_keys) if key in markets])
        per_market = len(self.sales_channel_keys)
        segments = (keep[:, None] * per_market + np.arange(per_market)).reshape(-1)
        return _cut(self, keep, segments)

    def to_json(self) -> str:
        """The model as JSON text; draws of the model read back are the same bytes."""
        content = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        streams = content.pop("streams")
        content["streams"] = {
            field.name: getattr(streams, field.name) for field in dataclasses.fields(streams)
        }
        content["diagnostics"] = dict(self.diagnostics)
        return storage.dump(content)

    @classmethod
    def from_json(cls, text: str) -> DemandModel:
        """The model written by ``to_json``."""
        content = storage.load(text)
        content["streams"] = Streams(**content["streams"])
        return cls(**content)


def best_of(expected: FloatArray, share: float = BEST_SHARE) -> BoolArray:
    """Whether each customer (customer,) is among the best ``share`` by expected orders, rounded up; of equals
    the first ones.

    >>> best_of(np.array([1.0, 3.0, 3.0, 2.0]), 0.25).tolist()
    [False, True, False, False]
    """
    chosen = np.zeros(len(expected), dtype=bool)
    # a share that is a whole number of customers must not be rounded up to one more
    chosen[np.argsort(-expected, kind="stable")[: int(np.ceil(share * len(expected) - 1e-9))]] = True
    return chosen


def _cut(model: DemandModel, keep: IntArray, segments: IntArray) -> DemandModel:
    """The model of some markets (positions ``keep``) and their segments, all else as it was."""
    place = {int(segment): i for i, segment in enumerate(segments)}
    rows = np.array(
        [s for s, segment in enumerate(model.streams.segment) if int(segment) in place], dtype=np.int64
    )
    columns: dict[str, Any] = {
        field.name: getattr(model.streams, field.name)[rows]
        for field in dataclasses.fields(Streams)
        if field.name not in ("name", "segment")
    }
    streams = Streams(
        name=tuple(model.streams.name[s] for s in rows),
        segment=np.array([place[int(model.streams.segment[s])] for s in rows], dtype=np.int64),
        **columns,
    )
    residual = replace(
        model.residual,
        **{
            name: getattr(model.residual, name)[keep]
            for name in (
                "scale_weight",
                "filtered_mean",
                "filtered_variance",
                "count_noise",
                "total",
                "months",
            )
        },
    )
    basket = replace(
        model.basket,
        weekday=model.basket.weekday[keep],
        lines=model.basket.lines[segments],
        sizes=model.basket.sizes[segments],
        mix=model.basket.mix[segments],
    )
    by_market: tuple[str, ...] = (
        "elasticity_mean",
        "elasticity_sd",
        "expected_new",
        "base_spend",
        "base_price",
    )
    by_segment: tuple[str, ...] = ("known", "anonymous_mean", "anonymous_load")
    by_segment += ("expected_orders", "expected_units", "units_per_order")
    return replace(
        model,
        market_keys=tuple(model.market_keys[i] for i in keep),
        streams=streams,
        residual=residual,
        basket=basket,
        fits=tuple(model.fits[c] for c in segments),
        customers=tuple(model.customers[c] for c in segments),
        **{name: getattr(model, name)[keep] for name in by_market},
        **{name: getattr(model, name)[segments] for name in by_segment},
    )

"""The true parameters, for tests that compare what the models found."""

from __future__ import annotations

from engine.demo import company as facts
from engine.demo.clock import Clock
from engine.demo.company import Company
from engine.demo.customers import response_constant
from engine.demo.supply import LANE_PHI, LOADINGS, PORT_PHI, SUPPLIER_PHI


def truth(company: Company, clock: Clock, seed: int, *, residual: bool, season: bool) -> dict[str, object]:
    """True parameters by market, of acquisition, residual, season and lead times; days unless named."""
    return {
        "seed": seed,
        "template": company.template,
        "scale": company.scale,
        "actuals_through": facts.ACTUALS_THROUGH.isoformat(),
        "time_unit": "operational day: a calendar day times season, weekday (mean one each) and residual",
        "season": list(facts.SEASON) if season else [1.0] * 12,
        "weekday": list(facts.WEEKDAY),
        "residual": {
            "on": residual,
            "log_sd": facts.RESIDUAL_SD if residual else 0.0,
            "common_share": facts.RESIDUAL_COMMON,
            "phi_monthly": facts.RESIDUAL_PHI,
            "path": {key: [float(x) for x in path] for key, path in clock.residual.items()},
        },
        "markets": {
            m.key: {
                "r": m.r,
                "alpha": m.alpha,
                "a": m.a,
                "b": m.b,
                "share": company.shares[m.key],
                "marketplace_orders_per_day": facts.MARKETPLACE_ORDERS_PER_DAY
                * company.scale
                * company.shares[m.key],
                "acquisition": {
                    channel: {"k": response_constant(company, m.key, channel), "beta": beta}
                    for channel, (_, _, beta) in facts.ACQUISITION.items()
                },
            }
            for m in company.markets
        },
        "lead_times": {
            "loadings_squared": {
                stage: dict(zip(("port", "supplier", "lane"), x, strict=True))
                for stage, x in LOADINGS.items()
            },
            "phi_daily": {"port": PORT_PHI, "supplier": SUPPLIER_PHI, "lane": LANE_PHI},
            "law": "floor + lognormal(mean, sd)",
            "production": {s.key: list(s.production) for s in facts.SUPPLIERS},
            "transit": {
                f"{s.key}|{n.key}": list(n.transit[s.key]) for s in facts.SUPPLIERS for n in facts.NODES
            },
            "inland": {n.key: list(n.inland) for n in facts.NODES},
            "service": {
                port: {"servers": c, "floor": 0.25, "mean": mean - 0.25, "sd": sd}
                for port, (c, mean, sd) in facts.PORTS.items()
            },
        },
        "return_share": dict(facts.RETURN_SHARE),
    }

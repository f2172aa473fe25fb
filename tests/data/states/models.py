"""Jobs of regressions and of classes, over all rows and by keys, and the rows that they score."""

import streamreg as sr
from streamreg.testing import read
from tests.data.states.columns import ARGUMENTS, described, kept
from tests.data.states.job import Topic
from tests.data.states.schemas import Point, Reading, Sensor


def line(topic: Topic) -> None:
    """The tutorial's job: its rows, and one line."""
    t = read(topic, schema=Point, batch=16)
    sr.io.csv.write(t, "rows.csv")
    fit = t.linear_regression(t.y, t.x)
    sr.io.csv.write(fit.select(a=fit.intercept, b=fit.x), "line.csv")


def variables(topic: Topic) -> None:
    """Several features with options of each kind, a computed column and a filter on both sides."""
    t = read(topic, schema=Reading, batch=10)
    t += t.select(scaled=(t.x - 0.5) * t.z // 3 + abs(t.y), root=sr.sqrt(t.x))
    sr.io.csv.write(t.filter((t.z >= 2) & ~(t.x == 0.5)), "rows.csv")
    wide = t.linear_regression(
        *(t.y, sr.poly(t.x, 3), t.z),
        statistics=("n", "df", "r2", "f_p_value", "std_error", "confidence_interval", "covariance"),
        level=0.9,
    )
    sr.io.csv.write(wide, "wide.csv")
    weighted = t.linear_regression(t.y, t.x, t.scaled, weights=t.w, singular="null")
    sr.io.csv.write(weighted.select(*weighted, sum=weighted.x + weighted.scaled), "weighted.csv")
    kept = t.filter(t.z != 3)
    ridged = kept.linear_regression(
        kept.y, kept.x, kept.root, ridge=0.125, statistics=("n", "rss", "r2")
    )
    sr.io.csv.write(ridged, "ridged.csv")
    through = t.linear_regression(t.y, t.x * t.z, intercept=False)
    sr.io.csv.write(through.filter(through["x * z"] > 0.0), "through.csv")


def keys(topic: Topic) -> None:
    """By a key of each type, and by all of them."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    for key in ("site", "number", "good"):
        fit = t.linear_regression(t.y, t.x, by=t[key], statistics=("n",))
        sr.io.csv.write(fit, f"by_{key}.csv")
    by_all = t.linear_regression(
        t.y, t.x, by=(t.site, t.good, t.number), singular="null", ridge=0.5
    )
    sr.io.csv.write(by_all, "by_all.csv")
    grouped = t.groupby(t.site, t.good).reduce(
        *(t.good, t.site), n=sr.reducers.count(), mean=sr.reducers.avg(t.x) * 2.0
    )
    sr.io.csv.write(grouped.filter(grouped.n > 3), "means.csv")


def classes(topic: Topic) -> None:
    """Each method, by labels of each type, with priors and without."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    priors = {"north": 0.5, 'so"uth': 0.25, "it's": 0.125, "unseen": 0.125}
    linear = t.linear_discriminant(t.site, t.x, t.y, priors=priors, unbiased=True, singular="drop")
    sr.io.csv.write(linear, "linear.csv")
    quadratic = t.quadratic_discriminant(t.good, t.x, t.y, priors={True: 0.25, False: 0.75})
    sr.io.csv.write(quadratic, "quadratic.csv")
    bayes = t.gaussian_naive_bayes(t.number, t.x, t.y, var_smoothing=0.25)
    sr.io.csv.write(bayes.select(*bayes, spread=bayes.variance_x / bayes.variance_y), "bayes.csv")


def scores(topic: Topic) -> None:
    """Rows with what regressions said of them: over all rows, and by keys with weights."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    fit = t.linear_regression(t.y, t.x, singular="null")
    scored = fit.predict_on(t)
    sr.io.csv.write(scored.filter(scored.good), "scored.csv")
    by = t.linear_regression(t.y, sr.poly(t.x, 2), by=(t.good, t.site), weights=abs(t.number) + 1)
    unusual = by.predict_on(t.filter(t.number != 1))
    sr.io.csv.write(
        unusual.select(
            *(unusual.site, unusual.x, unusual.prediction, unusual.standardized_residual),
            large=abs(unusual.residual) > 1.5,
            place=sr.if_else(unusual.residual > -0.0, "'any')", ", dtype='float')"),
            said=sr.apply(described, unusual.residual, *ARGUMENTS),
            named=sr.apply(kept, unusual.number, table={0: "it's"}, fallback='a "b"'),
        ),
        "unusual.csv",
    )
    sr.io.csv.write(fit, "fit.csv")


def class_scores(topic: Topic) -> None:
    """Rows with the class that they would have been put in; probabilities to six digits, which no computing changes."""
    t = read(topic, schema=Sensor, format="json", batch=20)
    priors = {"north": 0.5, 'so"uth': 0.25, "it's": 0.25}
    linear = t.linear_discriminant(t.site, t.x, t.y, priors=priors).predict_on(t)
    bayes = t.gaussian_naive_bayes(t.good, t.x, t.y, var_smoothing=0.5).predict_on(t)
    for name, scored in (("linear.csv", linear), ("bayes.csv", bayes)):
        sr.io.csv.write(
            scored.select(
                *(scored.site, scored.x, scored.predicted_label),
                right=scored.own_posterior > 0.5,
                millionths=sr.floor(scored.posterior * 1e6),
            ),
            name,
        )

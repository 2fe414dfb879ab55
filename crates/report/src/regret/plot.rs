//! Curves over the rounds, as SVG that needs no script.

use std::fmt::Write;

use crate::words::escaped;

/// One curve with its points, over t.
pub(super) struct Curve {
    pub name: String,
    /// The colour, by place.
    pub colour: usize,
    pub dashed: bool,
    pub points: Vec<(f64, f64)>,
}

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 250.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// The least distance of two names at the right.
const LINE: f64 = 15.0;

/// Both axes are logarithmic; only what is above 0 is drawn.
pub(super) fn plot(curves: &[Curve], label: &str) -> String {
    let above = |curve: &Curve| -> Vec<(f64, f64)> {
        curve.points.iter().copied().filter(|(_, y)| *y > 0.0 && y.is_finite()).collect()
    };
    let drawn: Vec<(&Curve, Vec<(f64, f64)>)> =
        curves.iter().map(|curve| (curve, above(curve))).filter(|(_, p)| !p.is_empty()).collect();
    let all = || drawn.iter().flat_map(|(_, points)| points);
    let Some((x, y)) = Axis::of(all().map(|p| p.0)).zip(Axis::of(all().map(|p| p.1))) else {
        return "<p>No regret is above 0.</p>".to_owned();
    };
    let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
    let px = |t: f64| LEFT + x.share(t) * (right - LEFT);
    let py = |r: f64| bottom - y.share(r) * (bottom - TOP);
    let mut svg = format!(
        "<div class=\"scroll\"><svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\" style=\"display:block;width:100%;min-width:40rem;height:auto\">\n",
        escaped(label)
    );
    for value in y.ticks() {
        let at = py(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            LEFT - 8.0,
            at + 4.0,
            tick(value)
        );
    }
    for value in x.ticks() {
        let at = px(value);
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/><text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            bottom + 18.0,
            tick(value)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{right}\" y=\"{:.1}\" text-anchor=\"end\">t</text>",
        bottom + 34.0
    );
    for (curve, points) in &drawn {
        let path: Vec<String> =
            points.iter().map(|(t, r)| format!("{:.1},{:.1}", px(*t), py(*r))).collect();
        let dashes =
            if curve.dashed { " stroke-dasharray=\"5 4\" stroke-width=\"1.2\"" } else { "" };
        let class = if curve.dashed { "seed" } else { "mean" };
        let _ = writeln!(
            svg,
            "<g class=\"k{}\"><title>{}</title><polyline class=\"{class}\"{dashes} points=\"{}\"/></g>",
            curve.colour % 8,
            escaped(&curve.name),
            path.join(" ")
        );
    }
    let mut ends: Vec<(f64, &Curve)> =
        drawn.iter().map(|(curve, points)| (py(points[points.len() - 1].1), *curve)).collect();
    ends.sort_by(|a, b| a.0.total_cmp(&b.0));
    apart(&mut ends);
    for (at, curve) in ends {
        let _ = writeln!(
            svg,
            "<g class=\"k{}\"><text class=\"name\" x=\"{:.1}\" y=\"{:.1}\" style=\"fill:var(--k)\">{}</text></g>",
            curve.colour % 8,
            right + 8.0,
            at + 4.0,
            escaped(&curve.name)
        );
    }
    svg + "</svg></div>"
}

/// Moves names that would lie on each other, the upper one first, and all back up into the picture.
fn apart(ends: &mut [(f64, &Curve)]) {
    for i in 1..ends.len() {
        ends[i].0 = ends[i].0.max(ends[i - 1].0 + LINE);
    }
    let mut least = HEIGHT - BOTTOM + LINE;
    for (at, _) in ends.iter_mut().rev() {
        *at = at.min(least - LINE);
        least = *at;
    }
}

/// A logarithmic axis.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>) -> Option<Axis> {
        let (low, high) = values
            .map(f64::log10)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        // A little room, so that no curve lies on the edge, and one that is level is seen.
        (low <= high).then_some(match high - low {
            0.0 => Axis { low: low - 0.5, high: high + 0.5 },
            span => Axis { low: low - 0.02 * span, high: high + 0.02 * span },
        })
    }

    fn share(&self, x: f64) -> f64 {
        (x.log10() - self.low) / (self.high - self.low)
    }

    /// What stands at it: powers of ten, of many every second or third; of fewer than two powers 1, 2 and 5 times
    /// them, and on a short axis numbers at equal distances.
    fn ticks(&self) -> Vec<f64> {
        let (first, last) = (self.low.ceil() as i32, self.high.floor() as i32);
        if first < last {
            let every = ((last - first) / 8 + 1).max(1);
            let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
            return powers.map(|power| 10f64.powi(power)).collect();
        }
        let (low, high) = (10f64.powf(self.low), 10f64.powf(self.high));
        if high > 5.0 * low {
            let times = |power| [1.0, 2.0, 5.0].map(|times| times * 10f64.powi(power));
            let all = (last - 1..=first).flat_map(times);
            return all.filter(|x| (low..=high).contains(x)).collect();
        }
        let power = 10f64.powf((high - low).log10().floor());
        let step = power
            * [1.0, 0.5, 0.2].into_iter().find(|t| high - low >= 3.0 * t * power).unwrap_or(0.2);
        ((low / step).ceil() as i64..=(high / step).floor() as i64)
            .map(|k| k as f64 * step)
            .collect()
    }
}

/// A number at an axis, without what rounding has left behind.
fn tick(x: f64) -> String {
    let x: f64 = format!("{x:.4e}").parse().unwrap_or(x);
    if (1e-3..1e5).contains(&x) { format!("{x}") } else { format!("{x:e}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_axis_has_numbers_at_it() {
        for (values, told) in [
            ([0.5, 3e4], "1 10 100 1000 10000"),
            ([1e-9, 1e9], "1e-9 1e-6 0.001 1 1000 1e6 1e9"),
            ([1.5, 90.0], "2 5 10 20 50"),
            ([5.5351, 5.5364], "5.5352 5.5354 5.5356 5.5358 5.536 5.5362 5.5364"),
            ([5.3, 6.1], "5.3 5.4 5.5 5.6 5.7 5.8 5.9 6 6.1"),
            ([7.0, 7.0], "5 10 20"),
        ] {
            let ticks = Axis::of(values.into_iter()).unwrap().ticks();
            let texts: Vec<_> = ticks.into_iter().map(tick).collect();
            assert!(texts.len() >= 2, "{values:?}: {texts:?}");
            assert_eq!(texts.join(" "), told, "{values:?}");
        }
    }
}

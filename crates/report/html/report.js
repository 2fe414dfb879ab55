"use strict";
// Draws the curves of a run, and sorts its table. Everything shown is in the page's data; means and
// intervals are computed before, here they are only drawn. What is chosen is in the address after `#`, so
// that a link shows the same view.

const run = JSON.parse(document.getElementById("data").textContent);
const element = (id) => document.getElementById(id);

// ---------------------------------------------------------------------------------------- the view

const lastEpoch = Math.max(0, ...run.curves.flatMap((c) => c.trials).flatMap((t) => t.points).map((p) => p.epoch));
const defaults = {
  y: "p", // p or j
  on: "test", // test or train
  x: "epoch", // epoch or seconds
  scale: "linear", // linear or log
  seeds: "", // 1 draws single seeds
  from: String(Math.min(1, lastEpoch)), // the first epoch drawn; 0 is before training
  off: "", // contenders not drawn: 0,3
  sort: "", // column of the table and direction: 1d, 2a
};
const choices = { y: ["p", "j"], on: ["test", "train"], x: ["epoch", "seconds"], scale: ["linear", "log"], seeds: ["", "1"] };
let view = { ...defaults };
let cursor = null; // where on the horizontal axis values are read; null is at the end

function readAddress() {
  const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  view = { ...defaults };
  for (const key in defaults) {
    const known = !choices[key] || choices[key].includes(given[key]);
    if (key in given && known) view[key] = given[key];
  }
  if (!/^\d+$/.test(view.from) || Number(view.from) > lastEpoch) view.from = defaults.from;
}

function choose(change) {
  view = { ...view, ...change };
  const chosen = Object.entries(view).filter(([key, value]) => value !== defaults[key]);
  const address = new URLSearchParams(chosen).toString();
  history.replaceState(null, "", address ? `#${address}` : location.pathname + location.search);
  show();
}

const hidden = () => new Set(view.off.split(",").filter(Boolean).map(Number));

// ------------------------------------------------------------------------------------- the numbers

const percent = () => view.y === "p" && run.measure.percent;
const unit = () => (percent() ? " %" : "");
const scaled = (value) => (value === null ? null : percent() ? 100 * value : value);

/** The point of a mean curve that is drawn: where, mean, half-width, n. */
function meanPoint(point) {
  const estimate = point[view.on][view.y];
  if (estimate === null) return null;
  return { x: point[view.x], epoch: point.epoch, y: scaled(estimate.mean), half: scaled(estimate.half_width), n: estimate.n };
}

/** The point of a single seed. */
function seedPoint(point) {
  const value = point[view.on][view.y];
  return value === null ? null : { x: point[view.x], epoch: point.epoch, y: scaled(value) };
}

const drawn = (points, read) => points.filter((point) => point.epoch >= Number(view.from)).map(read);

/** A number as in the table. */
function text(value) {
  if (percent()) return value.toFixed(2);
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e6) return value.toExponential(2).replace("e+", "e");
  return value.toFixed(size < 100 ? 4 : 1);
}

// ---------------------------------------------------------------------------------------- the axes

/** A map from low…high to 0…1, with round numbers on the way. */
function axis(low, high, log, count, whole) {
  const f = log ? Math.log10 : (v) => v;
  const span = f(high) - f(low) || 1;
  return { low, high, at: (v) => (f(v) - f(low)) / span, ticks: log && span >= 1 ? decades(low, high) : steps(low, high, count, whole) };
}

function steps(low, high, count, whole) {
  const raw = (high - low || 1) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw);
  if (whole) step = Math.max(1, step);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) ticks.push(i * step);
  return ticks;
}

function decades(low, high) {
  const factors = high / low > 1e3 ? [1] : [1, 2, 5];
  const skip = Math.ceil(Math.log10(high / low) / 8);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += skip) {
    ticks.push(...factors.map((m) => m * 10 ** power).filter((t) => t >= low * 0.999 && t <= high * 1.001));
  }
  return ticks;
}

function tickText(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential().replace(/(\.\d{2})\d+/, "$1").replace("e+", "e").replace("-", "−");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** Low and high of what is drawn, with some air; null when nothing can be drawn. */
function extent(values, log) {
  const usable = values.filter((v) => v !== null && Number.isFinite(v) && (!log || v > 0));
  if (usable.length === 0) return null;
  let [low, high] = [Math.min(...usable), Math.max(...usable)];
  if (log) {
    const air = (high / low) ** 0.04 * 1.01;
    return [low / air, high * air];
  }
  const air = 0.05 * (high - low) || 0.05 * Math.abs(high) || 1;
  const bottom = low >= 0 ? Math.max(0, low - air) : low - air;
  return [bottom, percent() && high <= 100 ? Math.min(100, high + air) : high + air];
}

// ---------------------------------------------------------------------------------------- the plot

const colour = (index) => `k${index % 8}`;
// With eight colours, changing the dash after every four makes forty pairs.
const dashes = ["none", "7 3", "2 3", "9 3 2 3", "14 4"];
const dash = (index) => dashes[Math.floor(index / 4) % dashes.length];

function svg(name, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  node.append(...children);
  return node;
}

function swatch(index) {
  const line = svg("line", { x1: 0, y1: 5, x2: 26, y2: 5, class: "mean", "stroke-dasharray": dash(index) });
  return svg("svg", { class: `swatch ${colour(index)}`, viewBox: "0 0 26 10", "aria-hidden": "true" }, line);
}

/** Runs of points without a gap. */
function pieces(points, drawable) {
  const found = [[]];
  for (const point of points) {
    if (point !== null && drawable(point)) found.at(-1).push(point);
    else if (found.at(-1).length) found.push([]);
  }
  return found.filter((piece) => piece.length);
}

/** All that the plot needs, or null when there is nothing to draw. */
function layout() {
  const off = hidden();
  const log = view.scale === "log";
  const curves = run.curves.map((curve, index) => ({
    index,
    label: curve.label,
    mean: drawn(curve.mean, meanPoint),
    kept: curve.trials.filter((trial) => !trial.diverged).map((trial) => drawn(trial.points, seedPoint)),
    // A seed that diverged before the first epoch drawn keeps its last point, for its ×.
    lost: curve.trials.filter((trial) => trial.diverged && trial.points.length).map((trial) => {
      const points = drawn(trial.points, seedPoint);
      return points.some((point) => point !== null) ? points : trial.points.map(seedPoint).filter(Boolean).slice(-1);
    }),
  })).filter((curve) => !off.has(curve.index));

  const target = view.y === "p" && view.on === "test" && run.target !== null ? scaled(run.target) : null;
  const means = curves.flatMap((curve) => curve.mean).filter(Boolean);
  const singles = curves.flatMap((curve) => curve.kept.flat()).filter(Boolean);
  const lost = curves.flatMap((curve) => curve.lost.flat()).filter(Boolean);
  const measured = means.length ? (view.seeds ? [...means, ...singles] : means) : lost;
  const vertical = extent([...measured.map((point) => point.y), ...(measured.length ? [target] : [])], log);
  if (vertical === null) return null;
  const xs = [...measured, ...lost].map((point) => point.x);
  const start = view.x === "epoch" ? Number(view.from) : Math.min(...xs);
  return { log, curves, target, vertical, horizontal: [start, Math.max(...xs)] };
}

function plot() {
  const host = element("plot");
  const width = Math.max(280, host.clientWidth);
  const height = Math.round(Math.min(480, Math.max(280, 0.6 * width)));
  const what = layout();
  if (what === null) {
    const why = run.curves.every((curve) => curve.trials.every((trial) => trial.points.length === 0))
      ? "Nothing has been measured yet."
      : "Nothing to draw: choose a contender, another value or a linear axis.";
    host.replaceChildren(Object.assign(document.createElement("p"), { className: "note", textContent: why }));
    return null;
  }
  const box = { left: 54, right: width - 14, top: 26, bottom: height - 40 };
  const x = axis(...what.horizontal, false, width / 90, view.x === "epoch");
  const y = axis(...what.vertical, what.log, height / 60, false);
  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const px = (v) => box.left + (box.right - box.left) * x.at(v);
  const py = (v) => {
    // Far outside is as good as infinitely far, and SVG has no numbers for that.
    const at = what.log && v <= 0 ? -1 : clamp(y.at(v), -1, 2);
    return box.bottom - (box.bottom - box.top) * at;
  };
  const round = (v) => Math.round(100 * v) / 100;
  const line = (piece) => "M" + piece.map((p) => `${round(px(p.x))},${round(py(p.y))}`).join("L");
  const positive = (p) => !what.log || p.y > 0;

  const picture = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, tabindex: 0, role: "slider",
    "aria-label": "Where values are read for the legend; move with the arrow keys",
  });
  picture.append(svg("clipPath", { id: "inside" }, svg("rect", { x: box.left, y: box.top - 3, width: box.right - box.left + 3, height: box.bottom - box.top + 6 })));
  for (const t of y.ticks) {
    picture.append(svg("line", { class: "grid", x1: box.left, x2: box.right, y1: py(t), y2: py(t) }));
    picture.append(svg("text", { x: box.left - 8, y: py(t) + 4, "text-anchor": "end" }, tickText(t)));
  }
  picture.append(svg("line", { class: "base", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  for (const t of x.ticks) {
    picture.append(svg("line", { class: "base", x1: px(t), x2: px(t), y1: box.bottom, y2: box.bottom + 4 }));
    picture.append(svg("text", { x: px(t), y: box.bottom + 18, "text-anchor": "middle" }, tickText(t)));
  }
  const value = view.y === "p" ? run.measure.name + (percent() ? ", %" : "") : "J";
  picture.append(svg("text", { class: "name", x: 0, y: 12 }, `${view.on} ${value}${what.log ? ", log axis" : ""}`));
  picture.append(svg("text", { class: "name", x: box.right, y: height - 4, "text-anchor": "end" }, view.x === "epoch" ? "epochs" : "seconds of training"));

  const inside = svg("g", { "clip-path": "url(#inside)" });
  if (what.target !== null) {
    inside.append(svg("line", { class: "target", x1: box.left, x2: box.right, y1: py(what.target), y2: py(what.target) }));
    inside.append(svg("text", { class: "name", x: box.left + 4, y: py(what.target) - 5 }, `target ${tickText(what.target)}${unit()}`));
  }
  for (const curve of what.curves) {
    const group = svg("g", { class: colour(curve.index) }, svg("title", {}, curve.label));
    for (const piece of pieces(curve.mean, (p) => positive(p) && p.half !== null)) {
      const upper = piece.map((p) => ({ x: p.x, y: p.y + p.half }));
      const lower = piece.map((p) => ({ x: p.x, y: p.y - p.half })).reverse();
      group.append(svg("path", { class: "band", d: line([...upper, ...lower]) + "Z" }));
    }
    const single = (points) => pieces(points, positive).forEach((piece) => {
      group.append(svg("path", { class: "seed", d: line(piece), "stroke-dasharray": dash(curve.index) }));
    });
    if (view.seeds) curve.kept.forEach(single);
    curve.lost.forEach(single);
    for (const piece of pieces(curve.mean, positive)) {
      group.append(svg("path", { class: "mean", d: line(piece), "stroke-dasharray": dash(curve.index) }));
    }
    inside.append(group);
  }
  picture.append(inside);
  // Above the clipping, so that a seed that left the plot has its mark at the border.
  for (const curve of what.curves) {
    for (const points of curve.lost) {
      const last = points.filter(Boolean).at(-1);
      if (!last) continue;
      const [cx, cy] = [clamp(px(last.x), box.left, box.right), clamp(py(last.y), box.top, box.bottom)];
      const mark = `M${cx - 4},${cy - 4}l8,8m-8,0l8,-8`;
      picture.append(svg("g", { class: colour(curve.index) }, svg("path", { class: "cross", d: mark }, svg("title", {}, `${curve.label}: a seed diverged`))));
    }
  }
  const pointer = svg("g", {});
  picture.append(pointer);
  host.replaceChildren(picture);
  return { ...what, picture, pointer, box, width, x, px, py, positive };
}

// ---------------------------------------------------------------------------- the cursor and legend

let shown = null; // what plot() has drawn last

/** The horizontal places at which something was measured. */
const places = () => [...new Set(shown.curves.flatMap((curve) => curve.mean).filter(Boolean).map((p) => p.x))].sort((a, b) => a - b);
const nearest = (points, at) => points.reduce((best, p) => (best === null || Math.abs(p.x - at) < Math.abs(best.x - at) ? p : best), null);

function read() {
  const at = shown === null ? [] : places();
  const place = at.length === 0 ? null : cursor === null ? at.at(-1) : nearest(at.map((x) => ({ x })), cursor).x;
  const name = (x) => (view.x === "epoch" ? `epoch ${x}` : `${x.toPrecision(3)} s`);
  element("cursor").textContent = place === null ? "" : `${view.on} ${view.y === "p" ? run.measure.name : "J"} at ${name(place)}${cursor === null ? ", the end" : ""}`;
  element("legend").className = view.x;
  const points = new Map();
  for (const curve of shown?.curves ?? []) {
    const point = place === null ? null : nearest(curve.mean.filter(Boolean), place);
    // An axis of epochs has the same places for all; between other places the nearest one is meant.
    if (point && (view.x === "seconds" || point.x === place)) points.set(curve.index, point);
  }
  document.querySelectorAll("#legend .value").forEach((node, index) => {
    const point = points.get(index);
    const half = point?.half === null || !point ? "" : ` ± ${text(point.half)}`;
    const extra = !point ? "" : ` n=${point.n}${view.x === "seconds" ? `, epoch ${point.epoch}` : ""}`;
    node.replaceChildren(point ? text(point.y) + half + unit() : "–", Object.assign(document.createElement("small"), { textContent: extra }));
  });
  if (shown === null) return;
  const { picture, pointer, box, px, py } = shown;
  pointer.replaceChildren();
  if (place === null) return;
  for (const [key, content] of [["min", at[0]], ["max", at.at(-1)], ["now", place]]) picture.setAttribute(`aria-value${key}`, content);
  picture.setAttribute("aria-valuetext", name(place));
  if (cursor === null) return;
  pointer.append(svg("line", { class: "cursor", x1: px(place), x2: px(place), y1: box.top, y2: box.bottom }));
  for (const [index, point] of points) {
    const inBox = shown.positive(point) && py(point.y) >= box.top - 1 && py(point.y) <= box.bottom + 1;
    if (inBox) pointer.append(svg("circle", { class: `dot ${colour(index)}`, cx: px(point.x), cy: py(point.y), r: 4 }));
  }
}

function listen(picture) {
  picture.addEventListener("pointermove", (event) => {
    const { left, width } = picture.getBoundingClientRect();
    const share = ((event.clientX - left) * (shown.width / width) - shown.box.left) / (shown.box.right - shown.box.left);
    cursor = shown.x.low + share * (shown.x.high - shown.x.low);
    read();
  });
  picture.addEventListener("pointerleave", () => { cursor = null; read(); });
  picture.addEventListener("keydown", (event) => {
    const at = places();
    if (at.length === 0) return;
    const here = cursor === null ? at.length - 1 : at.indexOf(nearest(at.map((x) => ({ x })), cursor).x);
    const next = { ArrowLeft: here - 1, ArrowDown: here - 1, ArrowRight: here + 1, ArrowUp: here + 1, Home: 0, End: at.length - 1 }[event.key];
    if (event.key === "Escape") cursor = null;
    else if (next === undefined) return;
    else cursor = at[Math.min(at.length - 1, Math.max(0, next))];
    event.preventDefault();
    read();
  });
}

function buildLegend() {
  const list = document.querySelector("#legend ul");
  run.curves.forEach((curve, index) => {
    const span = (className, content) => Object.assign(document.createElement("span"), { className, textContent: content });
    const button = document.createElement("button");
    button.type = "button";
    button.append(swatch(index), span("label", curve.label), span("value", ""));
    const diverged = curve.trials.filter((trial) => trial.diverged).length;
    if (diverged) button.append(span("more", `× ${diverged} of ${curve.trials.length} seeds diverged`));
    button.addEventListener("click", () => {
      const off = hidden();
      if (!off.delete(index)) off.add(index);
      choose({ off: [...off].sort((a, b) => a - b).join(",") });
    });
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  });
}

// --------------------------------------------------------------------------------------- the table

const bodyRows = [...document.querySelectorAll("#table tbody tr")];
const heads = [...document.querySelectorAll("#table thead th")];

function sortTable() {
  const [, column, direction] = view.sort.match(/^(\d+)([ad])$/) ?? [];
  const key = (row) => {
    const cell = row.cells[column];
    return column === "0" ? cell.textContent : cell.dataset.value === undefined ? null : Number(cell.dataset.value);
  };
  const sign = direction === "d" ? -1 : 1;
  const compare = (a, b) => {
    const [p, q] = [key(a), key(b)];
    // What has no value stays at the end in both directions.
    if (p === null || q === null) return (p === null) - (q === null);
    return sign * (typeof p === "string" ? p.localeCompare(q) : p - q);
  };
  const sorted = heads[column] ? bodyRows.toSorted(compare) : bodyRows;
  document.querySelector("#table tbody").append(...sorted);
  heads.forEach((head, index) => {
    const here = heads[column] && index === Number(column);
    head.setAttribute("aria-sort", !here ? "none" : sign < 0 ? "descending" : "ascending");
  });
}

heads.forEach((head, index) => head.querySelector("button").addEventListener("click", () => {
  const next = { [`${index}d`]: `${index}a`, [`${index}a`]: "" };
  choose({ sort: next[view.sort] ?? `${index}d` });
}));

// --------------------------------------------------------------------------------------- downloads

function download(name, type, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The plot with its legend as a picture of its own, with the styles that it has on the page. */
function picture() {
  const { picture: source, curves, width } = shown;
  const height = Number(source.getAttribute("height"));
  const copy = source.cloneNode(true);
  const inline = (from, to) => {
    const style = getComputedStyle(from);
    for (const name of ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "stroke-linejoin", "paint-order"]) {
      to.style.setProperty(name, style.getPropertyValue(name));
    }
    [...from.children].forEach((child, index) => inline(child, to.children[index]));
  };
  inline(source, copy);
  const ink = getComputedStyle(document.body);
  copy.style.background = ink.backgroundColor;
  const rows = curves.map((curve) => document.querySelectorAll("#legend button")[curve.index]);
  rows.forEach((row, index) => {
    const y = height + 22 * index + 12;
    const line = row.querySelector("line");
    const style = getComputedStyle(line);
    const name = row.querySelector(".label").textContent + (row.querySelector(".more") ? ` (${row.querySelector(".more").textContent})` : "");
    const words = svg("text", { x: 90, y: y + 4, fill: ink.color, "font-family": "sans-serif", "font-size": 12 }, name);
    copy.append(svg("line", { x1: 54, x2: 80, y1: y, y2: y, stroke: style.stroke, "stroke-width": 2, "stroke-dasharray": line.getAttribute("stroke-dasharray") }), words);
  });
  const whole = height + 22 * rows.length + 12;
  copy.setAttribute("viewBox", `0 0 ${width} ${whole}`);
  copy.setAttribute("height", whole);
  for (const name of ["tabindex", "role"]) copy.removeAttribute(name);
  return new XMLSerializer().serializeToString(copy);
}

element("download-csv").addEventListener("click", () => download(`${run.task}.csv`, "text/csv", run.csv));
element("download-svg").addEventListener("click", () => shown && download(`${run.task}.svg`, "image/svg+xml", picture()));

// --------------------------------------------------------------------------------------- beginning

function caption() {
  const diverged = run.curves.some((curve) => curve.trials.some((trial) => trial.diverged));
  return "Lines are means over the seeds that did not diverge, bands their 95 % t-intervals." +
    (diverged ? " Thin lines that end in × are seeds that diverged, drawn up to their last measurement; a × at the border stands for a value outside." : "") +
    (view.scale === "log" ? " A log axis cannot show values of 0 or below." : "") +
    (view.y === "j" ? ` J is the ${run.cost}.` : "");
}

function show() {
  const form = element("view");
  for (const key of ["y", "on", "x", "scale", "from"]) form.elements[key].value = view[key];
  form.elements.seeds.checked = view.seeds === "1";
  const off = hidden();
  document.querySelectorAll("#legend button").forEach((button, index) => button.setAttribute("aria-pressed", String(!off.has(index))));
  shown = plot();
  if (shown) listen(shown.picture);
  element("caption").textContent = caption();
  read();
  sortTable();
}

element("view").elements.from.max = lastEpoch;
element("view").addEventListener("submit", (event) => event.preventDefault());
element("view").addEventListener("input", (event) => {
  const { name, type, checked, value } = event.target;
  if (name === "from" && (!/^\d+$/.test(value) || Number(value) > lastEpoch)) return;
  cursor = null;
  choose({ [name]: type === "checkbox" ? (checked ? "1" : "") : value });
});
document.querySelectorAll("[data-contender]").forEach((node) => {
  node.querySelector("th, summary").prepend(swatch(Number(node.dataset.contender)));
});
document.querySelectorAll("#table a").forEach((link) => link.addEventListener("click", (event) => {
  // The address holds the view; following the link would replace it.
  event.preventDefault();
  const details = document.querySelector(link.getAttribute("href"));
  details.open = true;
  details.scrollIntoView({ block: "start" });
  details.querySelector("summary").focus({ preventScroll: true });
}));
for (const node of [element("view"), element("figure"), document.querySelector(".buttons")]) node.hidden = false;
buildLegend();
readAddress();
show();
addEventListener("hashchange", () => { readAddress(); show(); });
new ResizeObserver(() => { if (shown === null || shown.width !== Math.max(280, element("plot").clientWidth)) show(); }).observe(element("plot"));

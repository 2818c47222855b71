// A data_visualization block as a drawing.
import { make } from "./words.js";

const COLOURS = ["#1264a3", "#e01e5a", "#2eb67d", "#ecb22e", "#611f69", "#36c5f0"];
const WIDTH = 560, HEIGHT = 240, LEFT = 56, RIGHT = 12, TOP = 12, BOTTOM = 44;

function svg(tag, properties, ...inside) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(properties)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

const label = (x, y, text, anchor = "middle") => svg("text", { x, y, "text-anchor": anchor, class: "axis" }, text);

/** The block, with a legend. */
export function chart(block) {
  const drawn = block.chart.type === "pie" ? pie(block.chart) : plotted(block.chart);
  const names = (block.chart.series ?? block.chart.segments).map((one) => one.name ?? `${one.label} ${one.value}`);
  const legend = names.map((name, index) => make("li", {}, make(`i.colour${index}`), name));
  return make("figure.chart", {}, make("figcaption", {}, block.title), drawn, make("ul.legend", {}, ...legend));
}

function pie({ segments }) {
  const whole = segments.reduce((sum, one) => sum + one.value, 0);
  const out = svg("svg", { viewBox: "-1.1 -1.1 2.2 2.2", class: "pie", role: "img" });
  let from = 0;
  segments.forEach((one, index) => {
    const to = from + one.value / whole;
    const point = (part) => `${Math.sin(2 * Math.PI * part)} ${-Math.cos(2 * Math.PI * part)}`;
    const path = to - from > 0.9999 ? "M 0 -1 A 1 1 0 1 1 -0.001 -1 Z" : `M 0 0 L ${point(from)} A 1 1 0 ${to - from > 0.5 ? 1 : 0} 1 ${point(to)} Z`;
    out.append(svg("path", { d: path, fill: COLOURS[index] }));
    from = to;
  });
  return out;
}

function plotted({ type, series, axis_config: axes }) {
  const values = series.map((one) => axes.categories.map((name) => one.data.find((point) => point.label === name).value));
  const all = values.flat();
  const low = Math.min(0, ...all);
  const high = Math.max(0, ...all) || (low ? 0 : 1);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
  const step = (WIDTH - LEFT - RIGHT) / axes.categories.length;
  const x = (index) => LEFT + step * (index + 0.5);
  const out = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
  for (const value of [low, (low + high) / 2, high]) {
    out.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value), class: "grid" }));
    out.append(label(LEFT - 6, y(value) + 4, value.toLocaleString(), "end"));
  }
  const every = Math.ceil(axes.categories.length / 8);
  axes.categories.forEach((name, index) => index % every === 0 && out.append(label(x(index), HEIGHT - BOTTOM + 16, name)));
  values.forEach((line, number) => {
    const points = line.map((value, index) => `${x(index)},${y(value)}`);
    if (type === "bar") {
      const width = (step * 0.8) / series.length;
      line.forEach((value, index) => out.append(svg("rect", {
        x: x(index) - step * 0.4 + width * number, width: Math.max(1, width - 1), y: Math.min(y(value), y(0)),
        height: Math.abs(y(value) - y(0)), fill: COLOURS[number],
      })));
      return;
    }
    if (type === "area") {
      const down = `${x(line.length - 1)},${y(0)} ${x(0)},${y(0)}`;
      out.append(svg("polygon", { points: `${points.join(" ")} ${down}`, fill: COLOURS[number], "fill-opacity": 0.25 }));
    }
    out.append(svg("polyline", { points: points.join(" "), fill: "none", stroke: COLOURS[number], "stroke-width": 2 }));
    line.forEach((value, index) => out.append(svg("circle", { cx: x(index), cy: y(value), r: 3, fill: COLOURS[number] })));
  });
  if (axes.x_label) out.append(label((LEFT + WIDTH) / 2, HEIGHT - 8, axes.x_label));
  if (axes.y_label) out.append(label(4, 10, axes.y_label, "start"));
  return out;
}

"use strict";

const SHOWN = 12; // bars of the waterfall; the rest is one bar
const byId = (id) => document.getElementById(id);

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function drawn(name, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

async function start() {
  const answer = await fetch("/openapi.json");
  const api = await answer.json();
  if (!answer.ok) {
    byId("title").textContent = api.title;
    byId("about").textContent = api.detail;
    return;
  }
  const body = api.paths["/v1/predict"].post.requestBody.content["application/json"];
  const row = body.schema.anyOf[0];
  document.title = byId("title").textContent = api.info.title;
  byId("about").textContent = `Model ${api.info.version}`;
  byId("keyed").hidden = !api.security;
  for (const [name, field] of Object.entries(row.properties)) {
    byId("fields").append(control(name, field, row.required.includes(name), body.example[name]));
  }
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(row);
  });
  fill(new URLSearchParams(location.search), row);
}

// A link can carry a row: /?town=a&size=3&ask
function fill(given, row) {
  for (const name of Object.keys(row.properties)) {
    const input = byId("form").elements[name];
    if (given.has(name)) input.value = given.get(name);
  }
  if (given.has("by")) byId("form").elements.by.value = given.get("by");
  if (given.has("ask")) ask(row);
}

function control(name, field, required, example) {
  const kinds = [field.type].flat();
  const choices = field.enum ?? (kinds.includes("boolean") ? [true, false] : null);
  let input;
  if (choices) {
    input = element("select", { name });
    if (!required) input.append(element("option", { value: "" }, "not known"));
    for (const each of choices.filter((each) => each !== null)) {
      input.append(element("option", { value: String(each) }, String(each)));
    }
    if (example !== undefined) input.value = String(example);
  } else {
    const numeric = kinds.includes("number") || (kinds.includes("integer") && !kinds.includes("string"));
    input = element("input", { name, inputmode: numeric ? "decimal" : "text", value: example ?? "" });
  }
  const notes = [field["x-unit"], required ? undefined : "may stay empty"].filter(Boolean);
  const about = `${field.description ?? ""} ${notes.length ? `(${notes.join("; ")})` : ""}`;
  const fault = element("small", { class: "fault", "data-fault": name });
  return element("label", {}, name, element("small", {}, about), input, fault);
}

function valueOf(text, field) {
  const kinds = [field.type].flat();
  if (text === "") return undefined;
  if (kinds.includes("boolean")) return text === "true";
  const numeric = kinds.includes("number") || (kinds.includes("integer") && !kinds.includes("string"));
  const number = Number(text);
  return numeric && !Number.isNaN(number) ? number : text;
}

async function ask(row) {
  const form = new FormData(byId("form"));
  const given = {};
  for (const [name, field] of Object.entries(row.properties)) {
    const value = valueOf((form.get(name) ?? "").trim(), field);
    if (value !== undefined) given[name] = value;
  }
  const headers = { "Content-Type": "application/json" };
  if (byId("key").value) headers.Authorization = `Bearer ${byId("key").value}`;
  const answer = await fetch(`/v1/explain?by=${form.get("by")}`, {
    method: "POST", headers, body: JSON.stringify(given),
  });
  const found = await answer.json();
  for (const each of document.querySelectorAll("[data-fault]")) each.textContent = "";
  if (answer.ok) show(found);
  else refuse(found);
}

const OUTSIDE = {
  stale: "the snapshot is too old for this decision",
  future: "the snapshot is later than this decision",
};

function refuse(problem) {
  byId("answer").replaceChildren(
    element("p", { class: "fault" }, `${problem.title}. ${problem.detail}`));
  for (const error of problem.errors ?? []) {
    const place = document.querySelector(`[data-fault="${CSS.escape(error.field)}"]`);
    if (place) place.textContent = error.detail;
  }
}

function show(found) {
  const parts = answered(found);
  if (found.unknown?.length) parts.push(flag("never seen in training", found.unknown));
  if (found.missing?.length) parts.push(flag("not known", found.missing));
  if (found.outside_history) parts.push(flag("history is missing", [OUTSIDE[found.outside_history]]));
  if (found.reasons?.length) {
    parts.push(element("h2", {}, "Main reasons"));
    parts.push(element("ul", {}, ...found.reasons.map((each) => element("li", {}, each))));
  }
  if (found.history) {
    const hours = found.history.age_seconds / 3600;
    const age = hours < 48 ? `${hours.toFixed(1)} hours` : `${(hours / 24).toFixed(0)} days`;
    parts.push(element("p", { class: "quiet" }, `The history that it rests on is ${age} old.`));
  }
  parts.push(element("h2", {}, "Why"), waterfall(found));
  parts.push(element("p", { class: "quiet" }, "Prediction ",
    element("code", {}, found.prediction_id), ` by ${found.model.run}`));
  byId("answer").replaceChildren(...parts);
}

const percent = (share) => `${(100 * share).toFixed(1)}%`;

// A question has a probability and a decision, a probability of each class, or a number.
function answered(found) {
  const large = (text) => element("div", { class: "answer" }, text);
  const small = (text) => element("p", { class: "decision" }, text);
  if (found.probabilities) {
    const ordered = Object.entries(found.probabilities).sort((one, other) => other[1] - one[1]);
    return [large(String(found.decision)),
      element("ul", {}, ...ordered.map(([name, p]) => element("li", {}, `${name}: ${percent(p)}`)))];
  }
  if (found.probability === undefined) {
    const [value, low, high] = [found.value, found.low, found.high].map(shorten);
    return [large(String(value)), small(`${low} to ${high} in ${percent(found.coverage)} of rows`)];
  }
  return [large(percent(found.probability)),
    small(`${found.decision ? "reaches" : "is below"} the threshold of ${percent(found.threshold)}`)];
}

function flag(what, names) {
  return element("p", { class: "flag" }, `${what}: ${names.join(", ")}`);
}

function waterfall(found) {
  const bars = found.contributions.slice(0, SHOWN);
  const rest = found.contributions.slice(SHOWN);
  if (rest.length) {
    bars.push({ name: `${rest.length} others`, contribution: rest.reduce((sum, each) => sum + each.contribution, 0) });
  }
  const steps = [];
  let at = found.base;
  for (const bar of bars) {
    steps.push({ ...bar, from: at, to: at + bar.contribution });
    at += bar.contribution;
  }
  const ends = steps.flatMap((step) => [step.from, step.to]).concat(found.base);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const [left, width, line] = [230, 360, 26];
  const x = (value) => left + (width * (value - low)) / (high - low || 1);
  const height = line * (steps.length + 2) + 8;
  const svg = drawn("svg", { viewBox: `0 0 700 ${height}`, role: "img" });
  svg.append(drawn("title", {}, `What each part adds to the ${units(found)}`));
  svg.append(drawn("text", { x: left - 10, y: 18, "text-anchor": "end", class: "quiet" }, "all rows start from"));
  svg.append(drawn("text", { x: x(found.base) + 4, y: 18, class: "quiet" }, found.base.toFixed(2)));
  svg.append(drawn("line", { x1: x(found.base), x2: x(found.base), y1: 4, y2: height - line, class: "line" }));
  steps.forEach((step, place) => {
    const y = line * (place + 1) + 4;
    const value = step.value === undefined ? "" : ` = ${shorten(step.value)}`;
    svg.append(drawn("text", { x: left - 10, y: y + 14, "text-anchor": "end" }, cut(step.name + value)));
    svg.append(drawn("rect", {
      x: Math.min(x(step.from), x(step.to)), y, height: line - 8,
      width: Math.max(1, Math.abs(x(step.to) - x(step.from))),
      class: step.contribution > 0 ? "for" : "against",
    }));
    const sign = step.contribution > 0 ? "+" : "−";
    svg.append(drawn("text", { x: Math.max(x(step.from), x(step.to)) + 6, y: y + 14 },
      sign + Math.abs(step.contribution).toFixed(2)));
  });
  const y = line * (steps.length + 1) + 18;
  svg.append(drawn("text", { x: left - 10, y, "text-anchor": "end", class: "quiet" }, `${units(found)} before calibration`));
  svg.append(drawn("text", { x: x(at) + 4, y, class: "quiet" }, (found.log_odds ?? found.margin).toFixed(2)));
  return svg;
}

const units = (found) => (found.log_odds === undefined ? "answer" : "log-odds");
const shorten = (value) => (typeof value === "number" ? Number(value.toPrecision(4)) : value);
const cut = (text) => (text.length > 32 ? `${text.slice(0, 31)}…` : text);

start();

// What the codes of the interface are called in words, and the small things that are made of them.
import { h, icon } from "./dom.js";
import { now } from "./api.js";

const classes = { read: "Read", sensitive_read: "Sensitive read", write: "Write", destroy: "Destroy" };

const states = {
  pending: "Waits for people", approved: "Approved", running: "Running", succeeded: "Succeeded", failed: "Failed",
  unknown: "Outcome unknown", denied: "Denied by policy", rejected: "Rejected", expired: "Expired", stale: "Out of date",
};

const keys = ["a typed phrase", "any key", "a key that was touched", "a key with PIN or finger", "such a key on another machine"];

// What a key is worth, as a noun.
export const assurances = ["typed phrase", "software key", "touch", "touch with PIN or finger", "touch with PIN or finger, on another machine"];

export const kinds = { passkey: "passkey", ssh: "SSH key", terminal: "typed phrase" };

export const classBadge = (name) => h("span", { class: "badge class", "data-class": name }, icon(name), classes[name] ?? name);

export const statePill = (name) => h("span", { class: "badge state", "data-state": name }, icon(name), states[name] ?? name);

export const chip = (text, kind) => h("span", { class: "chip", "data-kind": kind ?? text }, text);

export const environment = (name) => name && chip(name, name === "production" ? "production" : "environment");

// need says who must approve, in a sentence.
function need(r) {
  const people = r.count === 1 ? "1 person" : r.count + " people";
  const more = r.missing > 0 && r.missing < r.count ? r.missing + " more of " : "";
  return more + people + (r.group ? " of " + r.group : "") + (r.minAssurance > 0 ? (r.count === 1 ? " with " : ", each with ") + (keys[r.minAssurance] ?? "a key") : "");
}

// needs merges requirements for people to read: one that is met whenever another of the same group is met goes with it.
export function needs(all) {
  const covers = (a, b) => a.group === b.group && a.count >= b.count && a.minAssurance >= b.minAssurance;
  const heads = all.filter((r, i) => !all.some((o, j) => i !== j && covers(o, r) && (!covers(r, o) || j < i)));
  return heads.map((head) => ({ text: need(head), reasons: all.filter((r) => covers(head, r)).map((r) => r.reason).filter(Boolean) }));
}

// command shows a command line whose words break as a whole where they can.
export const command = (title) => h("code", { class: "line-of-words" }, title.split(" ").map((word, i) => [i > 0 && " ", h("span", {}, word)]));

export const plural = (n, one, many = one + "s") => n + " " + (n === 1 ? one : many);

// earlier orders times. As texts they cannot be compared: the workspace writes no zeros at the end of a fraction, so that 05.51Z
// would stand behind 05.519Z.
export const earlier = (a, b) => Date.parse(a) - Date.parse(b);

// moment is a time of the past, in the reader's own zone.
export function moment(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date(now()).toDateString();
  const options = today ? { hour: "2-digit", minute: "2-digit", second: "2-digit" } : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return h("time", { datetime: text, title: at.toISOString() }, new Intl.DateTimeFormat("en-GB", options).format(at));
}

export function span(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  if (s < 60) return s + " s";
  const two = (n) => String(n).padStart(2, "0");
  if (s < 3600) return Math.floor(s / 60) + " min " + two(s % 60) + " s";
  return Math.floor(s / 3600) + " h " + two(Math.floor(s / 60) % 60) + " min";
}

// countdown is the time that is left; see [tick]. To screen readers it is a timer, which they tell when asked.
export function countdown(until) {
  const node = h("time", { class: "countdown", role: "timer", datetime: until });
  tell(node);
  return node;
}

function tell(node) {
  const text = left(node.dateTime);
  if (node.textContent !== text) node.textContent = text;
  node.classList.toggle("soon", Date.parse(node.dateTime) - now() < 120_000);
}

const left = (until) => (Date.parse(until) > now() ? "expires in " + span(Date.parse(until) - now()) : "expired");

// tick lets all countdowns on the page go on, every second.
export function tick() {
  document.querySelectorAll("time.countdown").forEach(tell);
}

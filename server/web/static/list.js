// The list: what waits for people first, then what runs, then what has ended.
import { get, watch } from "./api.js";
import { fill, h } from "./dom.js";
import { chip, classBadge, command, countdown, earlier, environment, moment, needs, plural, statePill } from "./words.js";

const over = ["succeeded", "failed", "unknown", "denied", "rejected", "expired", "stale"];

const query = (states, limit) => "/api/proposals?limit=" + limit + states.map((s) => "&state=" + s).join("");

export async function listPage(main) {
  const headline = h("h1", {}, "Proposals");
  const waiting = group("waiting", "Waits for people", card);
  const running = group("running", "Running", row);
  const recent = group("recent", "Recent", row);
  const idle = h("div", { class: "notice idle" }, h("h2", {}, "Nothing waits for you"),
    h("p", {}, "When an agent proposes a command that people must approve, it appears here by itself. Nothing runs before."));
  fill(main, h("div", { class: "list", keydown: move }, headline, waiting.node, idle, running.node, recent.node));
  const refresh = async () => {
    const [live, ended] = await Promise.all([get(query(["pending", "approved", "running"], 500)), get(query(over, 50))]);
    const pending = live.proposals.filter((p) => p.state === "pending").sort((a, b) => earlier(a.expires, b.expires) || a.id.localeCompare(b.id));
    waiting.show(pending);
    running.show(live.proposals.filter((p) => p.state !== "pending"));
    recent.show(ended.proposals.sort((a, b) => earlier(b.updated, a.updated)));
    idle.hidden = pending.length > 0;
    document.title = (pending.length > 0 ? "(" + pending.length + ") " : "") + "Proposals - clanker";
  };
  await watch(refresh, document.getElementById("live"));
}

// group is a headed list that changes only what has changed, so that the focus and the place on the page stay.
function group(id, title, make) {
  const count = h("span", { class: "count" });
  const list = h("ul", { class: id });
  const node = h("section", { "aria-labelledby": id, hidden: true }, h("h2", { id }, title, " ", count), list);
  const known = new Map();
  const show = (items) => {
    node.hidden = items.length === 0;
    count.textContent = items.length;
    count.setAttribute("aria-label", plural(items.length, "proposal"));
    const focused = document.activeElement;
    const nodes = items.map((item) => same(known, item, make));
    if (nodes.length !== list.children.length || nodes.some((n, i) => n !== list.children[i])) list.replaceChildren(...nodes);
    for (const id of known.keys()) if (!items.some((item) => item.id === id)) known.delete(id);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
  };
  return { node, show };
}

function same(known, item, make) {
  const text = JSON.stringify(item);
  if (known.get(item.id)?.text !== text) known.set(item.id, { text, node: make(item) });
  return known.get(item.id).node;
}

const link = (item) => h("a", { href: "/proposals/" + encodeURIComponent(item.id) }, command(item.title));

function card(item) {
  return h("li", { class: "card", "data-class": item.class },
    h("div", { class: "head" }, classBadge(item.class), environment(item.environment), item.asked > 1 && chip("asked " + item.asked + " times", "asked"),
      h("span", { class: "expiry" }, countdown(item.expires))),
    h("h3", {}, link(item)),
    h("p", { class: "where" }, item.target),
    h("dl", { class: "facts" },
      h("div", {}, h("dt", {}, "Asked by"), h("dd", {}, item.requester)),
      h("div", {}, h("dt", {}, "Needs"), h("dd", {}, needs(item.needs ?? []).map((n) => n.text).join("; ") || "nobody more")),
      h("div", {}, h("dt", {}, "Phrase"), h("dd", { class: "phrase" }, item.phrase))));
}

function row(item) {
  return h("li", { class: "row", "data-class": item.class, "data-state": item.state },
    h("div", { class: "what" }, link(item), h("p", { class: "where" }, item.target), item.state !== "succeeded" && item.why && h("p", { class: "why" }, item.why)),
    h("div", { class: "how" }, classBadge(item.class), environment(item.environment), statePill(item.state), moment(item.updated)));
}

// move lets j and k, and the arrows, go from one proposal to the next while one of them has the focus.
function move(event) {
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  const links = [...event.currentTarget.querySelectorAll("li a")];
  const at = links.indexOf(document.activeElement);
  if (!step || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  links[Math.min(Math.max(at + step, 0), links.length - 1)].focus();
}

// The page of one proposal. What would run is frozen, and is shown once; where it stands changes.
import { get, now, watch } from "./api.js";
import { decision } from "./decide.js";
import { fill, h } from "./dom.js";
import { because, foldedWords, sections } from "./view.js";
import { assurances, classBadge, command, countdown, environment, moment, needs, plural, span, statePill } from "./words.js";

export async function proposalPage(main, about, id) {
  const path = "/api/proposals/" + encodeURIComponent(id);
  let [detail, { approvers }] = await Promise.all([get(path), get("/api/approvers")]);
  document.title = detail.title + " - clanker";
  const show = (newer) => {
    if (newer.view.digest !== detail.view.digest) throw new Error("The proposal is not the one that was shown. Load the page again.");
    detail = newer;
    for (const part of parts) part(detail);
    if (said && decide.node.hidden) { // the button that had the focus has gone
      said = false;
      outcome.focus();
    }
  };
  const outcome = h("div", { class: "outcome", tabindex: "-1" });
  let said = false;
  const decide = decision(detail, approvers, (newer) => {
    said = true;
    show(newer);
  });
  const status = h("div", { class: "status", role: "status" });
  const log = liveOutput();
  const people = h("section", { class: "panel people", "aria-label": "People" });
  const parts = [changed(status, statusOf), changed(outcome, outcomeOf), log.update, changed(people, peopleOf), decide.update];
  const opened = decide.mustOpen(foldedWords(detail.view));
  fill(main, h("div", { class: "proposal", "data-class": detail.class },
    h("header", { class: "title" }, status, h("h1", {}, command(detail.title)), h("p", { class: "because" }, because(detail.view)), h("p", { class: "where" }, detail.target),
      detail.workspace !== about.fingerprint && h("p", { class: "where" }, "It runs in the workspace ", h("code", {}, detail.workspace), ", where it was proposed. This page is another one's.")),
    h("div", { class: "content" }, outcome, log.node, sections(detail.view, opened), policy(detail.decision)),
    h("aside", { "aria-label": "Decision" }, h("section", { class: "panel match" }, h("h2", {}, "Phrase"), h("p", { class: "phrase" }, detail.phrase),
      h("p", { class: "small" }, "Compare with what the agent says.")), people, decide.node)));
  show(detail);
  setTimeout(() => show(detail), Math.max(0, Date.parse(detail.expires) - now()));
  watch(async () => show(await get(path)), document.getElementById("live"));
}

// changed makes a part of the page that is made anew only when what it shows has changed.
function changed(node, make) {
  let last;
  return (detail) => {
    const [key, ...children] = make(detail, node);
    if (key === last) return;
    last = key;
    fill(node, children);
  };
}

function statusOf(d) {
  return [d.state, classBadge(d.class), environment(d.environment), statePill(d.state)];
}

function peopleOf(d) {
  const waits = d.state === "pending";
  const all = needs(waits ? d.needs ?? [] : d.decision.require ?? []);
  return [JSON.stringify([d.state, d.needs, d.words, d.why]),
    waits && h("p", { class: "expiry" }, countdown(d.expires)),
    h("h2", {}, waits ? "Still needed" : "What was needed"),
    all.length ? h("ul", { class: "needs" }, all.map((n) => h("li", {}, h("strong", {}, n.text), n.reasons.map((r) => h("span", { class: "small" }, r))))) : h("p", { class: "small" }, "Nobody."),
    d.words.length > 0 && [h("h2", {}, "Who said what"), h("ul", { class: "words" }, d.words.map(said))]];
}

const said = (w) => h("li", { "data-verdict": w.verdict }, h("strong", {}, w.approver), w.verdict === "approve" ? " approved " : " rejected ", moment(w.at),
  h("span", { class: "small" }, "with " + (assurances[w.assurance] ?? "a key")));

function policy(d) {
  return h("section", { class: "section", "data-name": "policy", "aria-labelledby": "section-policy" }, h("h2", { id: "section-policy" }, "What policy says"),
    h("ul", { class: "reasons" }, (d.reasons ?? []).map((r) => h("li", {}, r))),
    h("p", { class: "small" }, (d.rules ?? []).length > 0 && ["Rules ", d.rules.map((r) => [h("code", {}, r), " "])], "of revision ", h("code", { title: d.revision }, d.revision.slice(0, 12))));
}

const endings = {
  approved: "Enough people have approved. It starts next.", unknown: "The workspace stopped while this ran. Nobody knows whether it was done. Look, and propose again what is missing.",
  denied: "Policy denies it. Nothing has run.", rejected: "Nothing has run.", expired: "Nothing has run.",
  stale: "Nothing has run: what was approved is not what would run now. It has to be proposed again.",
};

// outcomeOf shows what became of it, and while it runs what it writes.
function outcomeOf(d) {
  const key = JSON.stringify([d.state, d.why, d.outcome]);
  if (d.state === "pending") return [key];
  const done = d.outcome;
  return [key, h("section", { class: "result", "data-state": d.state, "aria-labelledby": "result" },
    h("h2", { id: "result" }, statePill(d.state), done && h("span", { class: "small" }, took(done))),
    endings[d.state] && h("p", {}, endings[d.state]), d.why && h("p", { class: "why" }, d.why), done?.failure && h("p", { class: "why" }, done.failure),
    done?.verified && h("p", { class: "verified" }, h("strong", {}, "Seen afterwards: "), done.verified), observed(done?.observed),
    done && [stream("Output", done.stdout), stream("Errors", done.stderr), done.truncated && h("p", { class: "small" }, "There was more output than is kept."),
      done.redactions > 0 && h("p", { class: "small" }, plural(done.redactions, "secret") + " masked.")])];
}

const took = (o) => "exit code " + o.exit + ", took " + (Date.parse(o.ended) - Date.parse(o.started) < 1000 ? "less than 1 s" : span(Date.parse(o.ended) - Date.parse(o.started)));

function observed(all) {
  if (!all?.length) return null;
  return h("ul", { class: "observed" }, all.map((c) => h("li", {}, h("code", {}, c.kind + " " + c.name + ": " + c.field + " " + value(c.before) + " -> " + value(c.after)))));
}

const value = (v) => (v == null ? "(none)" : typeof v === "string" ? v : JSON.stringify(v));

function stream(name, text) {
  return text && h("figure", { class: "stream", "data-name": name }, h("figcaption", {}, name), h("pre", { tabindex: "0", role: "region", "aria-label": name }, text));
}

// liveOutput is what a running command writes. What is shown stays, so that it can be read, and scrolls on while its end is seen.
function liveOutput() {
  const log = h("pre", { tabindex: "0", role: "log", "aria-label": "Output so far" });
  const away = h("p", { class: "small" }, "It runs in another process: what it writes is shown here once it has ended.");
  const node = h("figure", { class: "stream", hidden: true }, h("figcaption", {}, "Output so far"), away, log);
  let shown = [];
  const update = (d) => {
    node.hidden = d.state !== "running";
    away.hidden = !(log.hidden = Boolean(d.away));
    const pieces = d.output ?? [];
    const end = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
    if (shown.some((p, i) => p.text !== pieces[i]?.text)) log.replaceChildren(); // the oldest have gone
    log.append(...pieces.slice(log.children.length).map((p) => h("span", { "data-stream": p.stream }, p.text)));
    shown = pieces;
    if (end) log.scrollTop = log.scrollHeight;
  };
  return { node, update };
}

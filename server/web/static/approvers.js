// Who may approve, and with what. A removal is a proposal like any other.
import { get, post, watch } from "./api.js";
import { fill, h } from "./dom.js";
import { assurances, chip, kinds, moment } from "./words.js";

export async function approversPage(main) {
  document.title = "Approvers - clanker";
  const list = h("ul", { class: "approvers" });
  const note = h("div", { class: "note", role: "status" });
  fill(main, h("div", { class: "narrow wide" }, h("div", { class: "heading" }, h("h1", {}, "Approvers"), h("a", { class: "button secondary", href: "/enrol" }, "Enrol")),
    h("p", { class: "lead" }, "Who may approve, and with what. Every change here is a proposal that approvers decide on."), note, list));
  const propose = async (button, body) => {
    button.disabled = true;
    try {
      const { proposal } = await post("/api/approvers/remove", body);
      fill(note, "The removal waits for people: ", h("a", { href: "/proposals/" + encodeURIComponent(proposal) }, "see the proposal"), ".");
    } catch (problem) {
      fill(note, problem.message);
    }
    button.disabled = false;
  };
  let shown;
  await watch(async () => {
    const { approvers } = await get("/api/approvers");
    if (JSON.stringify(approvers) === shown) return;
    shown = JSON.stringify(approvers);
    fill(list, approvers.length ? approvers.map((p) => person(p, propose))
      : h("li", { class: "notice idle" }, h("h2", {}, "Nobody is enrolled yet"), h("p", {}, "The first operator needs the code from the workspace's terminal."), h("a", { class: "button primary", href: "/enrol" }, "Enrol the first operator")));
  }, document.getElementById("live"));
}

function person(p, propose) {
  const remove = (label, body, text) => h("button", { type: "button", class: "quiet", "aria-label": label, click: (e) => propose(e.currentTarget, body) }, text);
  return h("li", { class: "panel person" }, h("div", { class: "heading" }, h("h2", {}, p.id), remove("Propose removal of " + p.id, { approver: p.id, credential: "" }, "Propose removal")),
    h("ul", {}, p.credentials.map((c) => h("li", { class: "credential" },
      h("div", {}, h("strong", {}, c.name), " ", chip(kinds[c.kind] ?? c.kind, "kind"), " ", chip("at most: " + (assurances[c.max] ?? c.max), "assurance"),
        h("p", { class: "small" }, h("code", { class: "break" }, c.id), " since ", moment(c.added))),
      p.credentials.length > 1 && remove("Propose removal of the key " + c.name + " of " + p.id, { approver: p.id, credential: c.id }, "Propose removal")))));
}

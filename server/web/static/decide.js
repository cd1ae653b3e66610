// What a person decides: with which key, what they must have looked at and typed before, and the signature.
import { now, post } from "./api.js";
import { copyable, fill, h } from "./dom.js";
import { digest, sign } from "./passkey.js";
import { kinds, plural } from "./words.js";

const remembered = "clanker.credential";

// decision makes the part of the page where a person approves or rejects. answered is called with what became of it.
export function decision(detail, approvers, answered) {
  let unopened = 0, busy = false, current = detail;
  const keys = approvers.flatMap((p) => p.credentials.map((c) => ({ ...c, approver: p.id })));
  const select = chooser(keys, () => update(current));
  const typed = detail.view.type ? field("type", ["Type ", h("code", {}, detail.view.type), " to approve"], () => update(current)) : null;
  const phrase = field("phrase", "Type the phrase that the agent shows", () => update(current));
  const terminal = h("div", { class: "terminal" });
  const todo = h("ul", { class: "todo", id: "todo", "aria-live": "polite" });
  const error = h("p", { class: "error", role: "alert" });
  const approve = h("button", { type: "submit", class: "primary", "aria-describedby": "todo" }, "Approve");
  const reject = h("button", { type: "button", class: "secondary", click: () => answer("reject") }, "Reject");
  const buttons = h("div", { class: "buttons" }, approve, reject);
  const form = h("form", { submit: (e) => { e.preventDefault(); if (!approve.disabled) answer("approve"); } },
    select.node, phrase.node, typed?.node, terminal, todo, buttons, error);
  const node = h("section", { class: "panel decide", "aria-labelledby": "decide" }, h("h2", { id: "decide" }, "Your decision"), form);
  const chosen = () => keys.find((k) => k.id === select.value());

  // missing is what stands between the person and the approval.
  const missing = () => [
    unopened > 0 && "Open " + plural(unopened, "folded word") + " of the command.",
    typed && typed.value() !== current.view.type && "Type the name above.",
    chosen()?.kind === "terminal" && phrase.value() === "" && "Type the phrase.",
  ].filter(Boolean);

  // weak says that the key counts for less than all that is still needed.
  const weak = (key) => current.needs?.length > 0 && current.needs.every((n) => n.minAssurance > key.max) && "This key is not strong enough for what is still needed.";

  function update(newer) {
    current = newer;
    const key = chosen();
    const waits = current.state === "pending" && Date.parse(current.expires) > now();
    node.hidden = !waits && current.state !== "approved";
    if (node.hidden) return;
    if (!key) return void fill(form, h("p", {}, "Nobody is enrolled yet."), h("a", { href: "/enrol", class: "primary button" }, "Enrol the first operator"));
    const ssh = key.kind === "ssh", left = waits ? missing() : [];
    approve.hidden = !waits;
    approve.textContent = key.kind === "passkey" ? "Approve with passkey" : "Approve";
    reject.textContent = waits ? "Reject" : "Withdraw";
    phrase.node.hidden = key.kind !== "terminal";
    if (typed) typed.node.hidden = ssh || !waits;
    buttons.hidden = ssh;
    approve.disabled = busy || left.length > 0;
    reject.disabled = busy || (key.kind === "terminal" && phrase.value() === "");
    form.setAttribute("aria-busy", busy);
    list(todo, [...(ssh ? [] : left), waits && weak(key)].filter(Boolean));
    if (terminal.dataset.shown !== (ssh ? key.id : "")) {
      terminal.dataset.shown = ssh ? key.id : "";
      fill(terminal, ssh && commands(current.id, key));
    }
  }

  async function answer(verdict) {
    busy = true;
    error.textContent = "";
    update(current);
    try {
      const key = chosen();
      const asked = await post("/api/proposals/" + encodeURIComponent(current.id) + "/statement", { verdict, approver: key.approver, credential: key.id });
      await check(asked, { verdict, key, view: detail.view, workspace: detail.workspace });
      const proof = key.kind === "passkey" ? { passkey: await sign(asked.options) } : { terminal: phrase.value() };
      busy = false;
      answered(await post("/api/answers", { statement: asked.statement, proof }));
    } catch (problem) {
      fill(error, problem.message);
    }
    busy = false;
    update(current);
  }

  return { node, update, mustOpen: (n) => { unopened = n; return () => { unopened--; update(current); }; } };
}

// check holds the statement against what this page shows: nobody signs anything else.
async function check(asked, { verdict, key, view, workspace }) {
  const s = JSON.parse(asked.statement);
  const shown = await digest("clanker.view.v1", JSON.stringify(view));
  const same = [[s.proposal, view.id], [s.proposalDigest, view.digest], [s.displayDigest, shown.hex], [s.verdict, verdict], [s.approver, key.approver],
    [s.credential, key.id], [s.workspace, workspace]];
  if (key.kind === "passkey") same.push([asked.options.challenge, (await digest("clanker.approval.v1", asked.statement)).base64url]);
  if (same.some(([said, is]) => said !== is)) throw new Error("The statement is not about what is shown here, so nothing was signed. Load the page again, and tell whoever runs this workspace.");
}

// chooser lets a person say who they are and what they sign with; the browser remembers it.
function chooser(keys, changed) {
  const option = (k) => h("option", { value: k.id }, k.approver + ", " + (kinds[k.kind] ?? k.kind) + (k.name ? ": " + k.name : ""));
  const select = h("select", { id: "credential", change: () => { localStorage.setItem(remembered, select.value); changed(); } }, keys.map(option));
  const last = localStorage.getItem(remembered);
  const usual = keys.find((k) => k.id === last) ?? keys.find((k) => k.kind === "passkey") ?? keys[0];
  if (usual) select.value = usual.id;
  return { node: h("div", { class: "field" }, h("label", { for: "credential" }, "Sign as"), select), value: () => select.value };
}

function field(id, label, changed) {
  const input = h("input", { id, type: "text", autocomplete: "off", autocapitalize: "off", autocorrect: "off", spellcheck: "false", input: changed });
  return { node: h("div", { class: "field" }, h("label", { for: id }, label), input), value: () => input.value.trim() };
}

// commands are what to run in a terminal, where SSH keys sign.
function commands(id, key) {
  return [h("p", {}, "This SSH key signs in a terminal. Its public half is ", h("code", { class: "break" }, key.id), "."),
    copyable("clanker approve " + id + " --key ~/.ssh/id_ed25519", "the command that approves"), copyable("clanker reject " + id + " --key ~/.ssh/id_ed25519", "the command that rejects"),
    h("p", { class: "small" }, "Name the file of your own key. This page follows what you say there.")];
}

// list shows some sentences, and leaves those alone that are shown already.
function list(node, sentences) {
  if (node.dataset.shown === sentences.join("\n")) return;
  node.dataset.shown = sentences.join("\n");
  fill(node, sentences.map((s) => h("li", {}, s)));
}

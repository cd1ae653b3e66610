// Enrolment: the first operator brings the code from the workspace's terminal; whoever comes later is a proposal.
import { get, post } from "./api.js";
import { fill, h } from "./dom.js";
import { make } from "./passkey.js";

export async function enrolPage(main) {
  document.title = "Enrol - clanker";
  const { first } = await get("/api/approvers");
  const name = field("approver", "Your name", "Lower-case letters, digits and . _ @ - only. Groups in the policies use it.",
    { pattern: "[a-z0-9][a-z0-9._@\\-]{0,63}", required: true, autocomplete: "username", maxlength: "64" });
  const what = field("name", "What you call the key", "For instance: the laptop, the blue key.", { required: true, maxlength: "64", value: "passkey" });
  const code = first && field("code", "One-time code", "The workspace shows it on its own terminal, like abcd-efgh-ijkl. It counts once.",
    { required: true, autocomplete: "one-time-code", class: "mono" });
  const key = field("key", "SSH public key", "One line, as in ~/.ssh/id_ed25519_sk.pub.", { class: "mono" }, "textarea");
  const remote = h("input", { type: "checkbox", id: "remote" });
  const ssh = h("div", { class: "stack", hidden: true }, key.node, h("div", { class: "check" }, remote, h("label", { for: "remote" }, "It is kept on another machine")));
  const submit = h("button", { type: "submit", class: "primary" });
  const error = h("p", { class: "error", role: "alert" });
  const kind = choice(() => {
    const is = kind.value() === "ssh";
    ssh.hidden = !is;
    key.input.required = is;
    if (["passkey", "SSH key"].includes(what.input.value)) what.input.value = is ? "SSH key" : "passkey";
    submit.textContent = is ? "Enrol this key" : "Make a passkey";
  });
  const send = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    error.textContent = "";
    try {
      const who = { approver: name.input.value.trim(), name: what.input.value.trim(), code: code ? code.input.value.trim() : "" };
      done(main, await (kind.value() === "ssh" ? post("/api/keys", { ...who, key: key.input.value.trim(), remote: remote.checked }) : passkey(who)), who);
    } catch (problem) {
      fill(error, problem.message);
    }
    submit.disabled = false;
  };
  fill(main, h("div", { class: "narrow" }, h("h1", {}, first ? "Enrol the first operator" : "Enrol an approver"),
    h("p", { class: "lead" }, first ? "Nobody can approve anything yet. Whoever has the code from the workspace's terminal becomes the first operator."
      : "Your request becomes a proposal. It counts once people who are enrolled have approved it."),
    h("form", { class: "panel stack", submit: send }, code?.node, name.node, kind.node, what.node, ssh, submit, error)));
  kind.changed();
}

async function passkey(who) {
  const { ticket, options } = await post("/api/passkeys/begin", who);
  return post("/api/passkeys/finish", { ticket, credential: await make(options) });
}

function done(main, result, who) {
  const heading = h("h1", { tabindex: "-1" }, result.enrolled ? "Welcome, " + who.approver : "Waits for people");
  fill(main, h("div", { class: "narrow" }, heading,
    h("p", { class: "lead" }, result.enrolled ? "You can approve and reject proposals now." : "Your key counts once people who are enrolled have approved it."),
    result.enrolled ? h("a", { class: "button primary", href: "/" }, "See the proposals") : h("a", { class: "button primary", href: "/proposals/" + encodeURIComponent(result.proposal) }, "See the proposal")));
  heading.focus();
}

function field(id, label, hint, attributes, kind = "input") {
  const input = h(kind, { id, "aria-describedby": id + "-hint", spellcheck: "false", autocapitalize: "off", rows: kind === "textarea" ? "4" : null, ...attributes });
  return { input, node: h("div", { class: "field" }, h("label", { for: id }, label), input, h("p", { class: "small", id: id + "-hint" }, hint)) };
}

// choice is between the kinds of key.
function choice(changed) {
  const radio = (value, label, hint, checked) => h("label", { class: "option" }, h("input", { type: "radio", name: "kind", value, checked, change: changed }),
    h("span", {}, h("strong", {}, label), h("span", { class: "small" }, hint)));
  const node = h("fieldset", {}, h("legend", {}, "What you will sign with"), h("div", { class: "options" },
    radio("passkey", "Passkey", "Signs on this page, with your device's PIN or finger.", true), radio("ssh", "SSH key", "Signs in a terminal, also on another machine.", false)));
  return { node, changed, value: () => node.querySelector("input:checked").value };
}

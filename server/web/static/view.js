// The view of a proposal: what a person sees before they sign, and what is signed. Every section that the workspace sends is
// shown, in its order, and every line of it.
import { h } from "./dom.js";
import { chip, plural } from "./words.js";

const titles = {
  command: "The command, word by word", target: "Where it acts", changes: "What changes", preview: "Preview", undo: "To take it back",
  program: "What runs it", claim: "Why, says the agent",
};

const bodies = { command: words, undo: words, target: facts, program: facts, changes, preview, claim };

// sections makes all of them. opened is called whenever a folded word of the command was opened for the first time.
export function sections(view, opened) {
  return view.sections.map((section) => {
    const id = "section-" + section.name;
    return h("section", { class: "section", "data-name": section.name, "aria-labelledby": id },
      h("h2", { id }, titles[section.name] ?? section.name), (bodies[section.name] ?? facts)(section.lines, section.name === "command" ? opened : () => {}));
  });
}

// foldedWords counts the words of the command that only show their head and tail.
export const foldedWords = (view) => command(view).filter((line) => line.whole).length;

const command = (view) => view.sections.find((s) => s.name === "command")?.lines ?? [];

// because is why the command is of its class.
export const because = (view) => command(view).find((line) => line.label === "because")?.text;

const badges = (line) => (line.badges ?? []).map((b) => chip(b));

// text shows a line: as it is, or folded, with all of it to open.
function text(line, opened) {
  if (!line.whole) return [h("code", { class: "text" }, line.text), line.text === "" && chip("empty"), badges(line)];
  const details = h("details", { class: "fold" },
    h("summary", {}, h("code", { class: "text" }, line.text), badges(line), chip(plural(line.length, "byte"), "length"), h("span", { class: "hint" })),
    h("code", { class: "text whole", tabindex: "0", role: "region", "aria-label": "The whole value" }, line.whole),
    h("p", { class: "sum" }, "SHA-256 ", h("code", {}, line.sha256)));
  details.addEventListener("toggle", () => opened(), { once: true });
  return details;
}

const numbered = /^\d+$/;

function words(lines, opened) {
  return h("ol", { class: "argv", start: "0" }, lines.filter((line) => numbered.test(line.label)).map((line) =>
    h("li", {}, h("span", { class: "index", "aria-hidden": "true" }, line.label), h("div", { class: "word" }, text(line, opened)))));
}

function facts(lines) {
  return h("dl", { class: "table" }, lines.map((line) => h("div", { "data-label": line.label, "data-text": line.text === "production" && line.label === "environment" ? "production" : null },
    h("dt", {}, line.label), h("dd", {}, text(line, () => {})))));
}

function changes(lines) {
  return h("ul", { class: "changes" }, lines.map((line) => {
    const field = line.label?.startsWith("  ");
    return h("li", { class: field ? "field" : "resource", "data-action": field ? null : line.label },
      h("span", { class: "action" }, (line.label ?? "").trim()), h("div", {}, text(line, () => {})));
  }));
}

// Lines of a preview whose first character says that something comes or goes. The character stays, so colour is not all.
function kind(line) {
  if (line.label) return "note";
  const first = line.text.replace(/^"/, "").trimStart()[0]; // what is escaped is quoted
  return { "+": "plus", "-": "minus", "~": "change", "@": "hunk" }[first] ?? "same";
}

function preview(lines) {
  return h("div", { class: "diff", tabindex: "0", role: "group", "aria-label": "Lines of the preview" }, lines.map((line) =>
    h("div", { class: "line", "data-kind": kind(line) }, line.label && h("span", { class: "label" }, line.label + ": "), text(line, () => {}))));
}

function claim(lines) {
  return h("blockquote", { class: "claim" }, h("p", { class: "warning" }, "claimed by the agent, not checked"), facts(lines));
}

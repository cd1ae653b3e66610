// All that is shown is made here: elements with text in them, never markup. Whatever is not printable ASCII is escaped once
// more, so that nothing which comes from outside can steer or fake what stands beside it.

const odd = /[^\x20-\x7e\n]/gu;

export const printable = (text) => String(text).replace(odd, (c) => "\\u{" + c.codePointAt(0).toString(16) + "}");

// h makes an element. Attributes that are false, null or undefined are left out; functions are listeners.
export function h(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== false && value != null) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...nodes(children));
  return node;
}

// nodes flattens what h takes as children; what is empty is left out.
export function nodes(children) {
  return children.flat(Infinity).filter((c) => c != null && c !== false && c !== "")
    .map((c) => (c instanceof Node ? c : document.createTextNode(printable(c))));
}

// fill replaces what is in a node.
export function fill(node, ...children) {
  node.replaceChildren(...nodes(children));
  return node;
}

const shapes = {
  read: "M2 8s2.2-4 6-4 6 4 6 4-2.2 4-6 4-6-4-6-4zM8 6.2a1.8 1.8 0 1 1 0 3.6 1.8 1.8 0 0 1 0-3.6z",
  sensitive_read: "M5 7V5a3 3 0 0 1 6 0v2M3.5 7h9v6.5h-9zM8 9.5v1.6",
  write: "M3 13l.8-3L10.6 3.2a1.4 1.4 0 0 1 2 2L5.8 12zM9.3 4.5l2 2",
  destroy: "M8 1.8l6.4 11.7H1.6zM8 6v3.4M8 11.4v.3",
  pending: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 4.8V8l2.2 1.6",
  approved: "M3 8.5l3.2 3.2L13 5",
  running: "M8 2a6 6 0 1 1-6 6",
  succeeded: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.3 8.2l2 2 3.4-4",
  failed: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4",
  unknown: "M5.6 5.8a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.6M8 12.2v.3",
  denied: "M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM3.8 3.8l8.4 8.4",
  rejected: "M4 4l8 8M12 4l-8 8",
  expired: "M4 2h8M4 14h8M5 2c0 4 6 5 6 12M11 2c0 4-6 5-6 12",
  stale: "M13 8a5 5 0 1 1-1.6-3.7M13 2v3h-3",
  open: "M6 3l5 5-5 5",
};

// icon draws one of the shapes; it says nothing to a screen reader, so a word always stands beside it.
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("class", "icon icon-" + name);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shapes[name] ?? "");
  svg.append(path);
  return svg;
}

// copyable is a line for the terminal, with a button that copies it.
export function copyable(text, what) {
  const done = h("span", { class: "copied", role: "status" });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      done.textContent = "copied";
    } catch {
      done.textContent = "select it and copy it";
    }
  };
  return h("div", { class: "copyable" }, h("code", { tabindex: "0" }, text),
    h("button", { type: "button", class: "quiet", "aria-label": "Copy " + what, click: copy }, "Copy"), done);
}

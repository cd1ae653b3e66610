// The page: which one it is, what stands above and below each, and the clock.
import { get } from "./api.js";
import { approversPage } from "./approvers.js";
import { fill, h } from "./dom.js";
import { enrolPage } from "./enrol.js";
import { listPage } from "./list.js";
import { proposalPage } from "./proposal.js";
import { tick } from "./words.js";

const main = document.getElementById("main");

async function start() {
  for (const link of document.querySelectorAll("nav a")) {
    if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
  }
  setInterval(tick, 1000);
  try {
    const about = await get("/api/about");
    frame(about);
    await page()(main, about);
  } catch (error) {
    fill(main, h("div", { class: "notice bad", role: "alert" }, h("h1", {}, "This cannot be shown"), h("p", {}, error.message), h("a", { href: "/" }, "All proposals")));
  }
  main.removeAttribute("aria-busy");
}

function page() {
  switch (location.pathname) {
    case "/": return listPage;
    case "/enrol": return enrolPage;
    case "/approvers": return approversPage;
  }
  const id = decodeURIComponent(location.pathname.split("/")[2]);
  return (node, about) => proposalPage(node, about, id);
}

// frame shows whose page it is, and what is dangerous about it.
function frame(about) {
  const banner = document.getElementById("banner");
  const warnings = [
    about.demo && h("p", { "data-kind": "demo" }, h("strong", {}, "Demo estate."), " Nothing here is real, and a typed phrase counts as an approval."),
    about.development && !about.demo && h("p", { "data-kind": "development" }, h("strong", {}, "Development profile."),
      " A typed phrase counts as an approval: any program with a shell as this user can approve. Not for anything real."),
    about.problem && h("p", { "data-kind": "problem" }, h("strong", {}, "Problem."), " " + about.problem),
  ];
  banner.hidden = !warnings.some(Boolean);
  fill(banner, warnings);
  const fact = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, value));
  fill(document.getElementById("about"), h("dl", {},
    fact("Workspace", h("code", {}, about.fingerprint)), fact("Policies", h("code", { title: about.policies }, about.policies.slice(0, 12))),
    fact("Isolation", about.isolation), fact("Version", about.version)),
  h("p", {}, "The fingerprint is that of this workspace's key. Compare it with the one that clanker shows on its own terminal."));
}

start();

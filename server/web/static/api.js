// The interface of the workspace: what it knows, what it is told, and when something changed.

let offset = 0; // of the server's clock, in milliseconds

// now is the server's time. It tells whole seconds with each answer, so a small difference is none.
export const now = () => Date.now() + offset;

function follow(response) {
  const middle = Date.parse(response.headers.get("Date")) + 500;
  if (Math.abs(middle - now()) > 1000) offset = middle - Date.now();
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, { cache: "no-store", credentials: "same-origin", ...options });
  } catch {
    throw new Error("The workspace does not answer. It may have been stopped.");
  }
  follow(response);
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  let said = text;
  try {
    said = JSON.parse(text).error ?? text;
  } catch { /* it is a plain text */ }
  throw Object.assign(new Error(said.trim()), { status: response.status });
}

export const get = (path) => call(path);

// post sends something, with a token that counts once.
export async function post(path, body) {
  const { token } = await call("/api/token");
  return call(path, { method: "POST", headers: { "Content-Type": "application/json", "X-Clanker-Token": token }, body: JSON.stringify(body) });
}

// watch calls refresh now and whenever something changed, one call at a time, and shows whether the page is up to date. What it
// returns is there after the first call, also when that failed.
export function watch(refresh, live) {
  let busy = false, again = false;
  const say = (state, text) => {
    if (live.dataset.state === state) return;
    live.dataset.state = state;
    live.textContent = text;
  };
  const look = async () => {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      await refresh();
      say("on", "live");
    } catch (error) {
      say("off", "not up to date");
      live.title = error.message;
    }
    busy = false;
    if (again) look();
  };
  live.hidden = false;
  const events = new EventSource("/api/events"); // connects again by itself
  events.addEventListener("changed", look);
  events.addEventListener("error", () => say("off", "not up to date"));
  return look();
}

// Passkeys: what the browser and the workspace tell each other is JSON, with bytes in base64url. Browsers that cannot read
// and write it themselves get help.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const named = (list) => list?.map((c) => ({ ...c, id: bytes(c.id) }));

// make creates a passkey.
export async function make(options) {
  const publicKey = available().parseCreationOptionsFromJSON?.(options) ?? {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) }, excludeCredentials: named(options.excludeCredentials),
  };
  return json(await asked(navigator.credentials.create({ publicKey })), ["clientDataJSON", "attestationObject"]);
}

// sign signs with a passkey.
export async function sign(options) {
  const publicKey = available().parseRequestOptionsFromJSON?.(options) ?? {
    ...options, challenge: bytes(options.challenge), allowCredentials: named(options.allowCredentials),
  };
  return json(await asked(navigator.credentials.get({ publicKey })), ["clientDataJSON", "authenticatorData", "signature", "userHandle"]);
}

function available() {
  if (!window.PublicKeyCredential) throw new Error("This browser knows no passkeys. Use an SSH key in a terminal.");
  return window.PublicKeyCredential;
}

async function asked(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error.name === "NotAllowedError") throw new Error("The passkey was not used: it was refused, or it took too long.");
    if (error.name === "InvalidStateError") throw new Error("This device has a passkey of yours already.");
    throw new Error("The browser cannot use the passkey: " + error.message);
  }
}

function json(credential, fields) {
  if (typeof credential.toJSON === "function") return credential.toJSON();
  const response = {};
  for (const field of fields) {
    if (credential.response[field]) response[field] = base64url(credential.response[field]);
  }
  const id = base64url(credential.rawId);
  return { id, rawId: id, type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults() };
}

// digest is the SHA-256 over a domain, a zero byte and a text, as the workspace takes it, in hex and as base64url.
export async function digest(domain, text) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(domain + "\0" + text));
  return { hex: Array.from(new Uint8Array(sum), (b) => b.toString(16).padStart(2, "0")).join(""), base64url: base64url(sum) };
}

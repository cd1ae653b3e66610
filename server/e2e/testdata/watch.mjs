// watch.mjs MODULES URL URI: subscribes to the resource with the official TypeScript SDK, says so, and prints what it reads once
// it is told that the resource changed.
import path from "node:path";

const [modules, url, uri] = process.argv.slice(2);
const sdk = (file) => import(path.join(modules, "@modelcontextprotocol/sdk/dist/esm", file));
const { Client } = await sdk("client/index.js");
const { StreamableHTTPClientTransport } = await sdk("client/streamableHttp.js");
const { ResourceUpdatedNotificationSchema } = await sdk("types.js");

const client = new Client({ name: "typescript", version: "1" });
const updated = new Promise((resolve) =>
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, (n) => resolve(n.params.uri)));
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
await client.subscribeResource({ uri });
console.log("subscribed");
const read = await client.readResource({ uri: await updated });
console.log(read.contents[0].text);
await client.close();

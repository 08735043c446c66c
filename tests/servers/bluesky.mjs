// Runs Bluesky's own servers (PLC, PDS, AppView): bluesky.mjs PACKAGES PDS_PORT APPVIEW_PORT READY_PORT
//
// PostgreSQL and Redis are told by DB_POSTGRES_URL and REDIS_HOST. Once all of them work together,
// READY_PORT answers with the address of the PDS, where accounts are made.

import { createServer } from "node:http";
import net from "node:net";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

// They would listen on every address of the machine.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...how) {
  const [first] = how;
  if (first !== null && typeof first === "object" && first.port !== undefined) {
    how[0] = { ...first, host: "127.0.0.1" };
  } else if (Number.isInteger(Number(first))) {
    how.splice(1, typeof how[1] === "string" ? 1 : 0, "127.0.0.1");
  }
  return listen.apply(this, how);
};

const [, , packages, pds, appview, ready] = process.argv;
const require = createRequire(`${packages}/`);
const { TestNetwork } = await import(pathToFileURL(require.resolve("@atproto/dev-env")).href);
const network = await TestNetwork.create({
  pds: { port: Number(pds), hostname: "localhost", enableDidDocWithSession: true },
  bsky: { port: Number(appview), publicUrl: `http://localhost:${appview}` },
  // The moderation service does not start without the address of a chat; nobody calls it.
  ozone: { chatUrl: "http://localhost:1", chatDid: "did:example:chat" },
});
createServer((_, answer) => {
  answer.setHeader("content-type", "application/json");
  answer.end(JSON.stringify({ pds: network.pds.url }));
}).listen(Number(ready));

// An echo client in session: put your own client between the marks. Usage: node session.mjs HOST PORT
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import net from "node:net";
import { createInterface } from "node:readline";

const [host, port] = process.argv.slice(2);
let socket = null; // kept from one exchange to the next

function drop() {
  socket?.destroy(); // whatever is still to come on it belongs to nobody
  socket = null;
}

function connect() {
  const fresh = net.connect(port, host);
  fresh.on("error", () => {}); // without a listener an error ends the program, between two exchanges, too
  fresh.on("close", () => { if (socket === fresh) socket = null; }); // it may end while it is not used
  return fresh;
}

function exchange(message, chunks, fresh, timeout, push) {
  // --- your client: send the message, push what comes to chunks, reject with what goes wrong
  if (fresh) drop();
  const kept = (socket ??= connect());
  return new Promise((resolve, reject) => {
    const fail = (code) => reject(Object.assign(new Error(code), { code }));
    let got = 0;
    const enough = () => got >= message.length && resolve();
    const data = (chunk) => { chunks.push(chunk); got += chunk.length; enough(); };
    const end = () => fail("EOF"), error = (e) => reject(e), late = () => fail("ETIMEDOUT"), close = () => fail("ECONNRESET");
    const heard = { data, end, error, timeout: late, close };
    for (const [event, listener] of Object.entries(heard)) kept.on(event, listener);
    exchange.done = () => { for (const [event, listener] of Object.entries(heard)) kept.off(event, listener); kept.setTimeout(0); };
    kept.setTimeout(timeout);
    kept.write(message, () => push && resolve());
    if (!push) enough();
  }).finally(() => exchange.done());
  // ---
}

const words = { ETIMEDOUT: "timeout", ECONNREFUSED: "refused", ECONNRESET: "reset", EPIPE: "reset", EOF: "closed" };
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line), reply = { id: request.id, outcome: "unsupported" }, chunks = [];
  if (["echo", "push"].includes(request.kind)) { // a push is sent, and no reply awaited
    try {
      await exchange(readFileSync(request.payload), chunks, request.fresh, request.timeout_ms ?? 500, request.kind === "push");
      reply.outcome = "ok";
    } catch (e) {
      drop();
      reply.outcome = words[e.code] ?? "other";
      reply.detail = e.message;
    }
    const received = Buffer.concat(chunks);
    reply.bytes = received.length;
    reply.sha256 = createHash("sha256").update(received).digest("hex");
  }
  console.log(JSON.stringify(reply));
}
drop();

// Node's fetch. AbortSignal.timeout bounds the whole exchange; unset, fetch gives up after five minutes without a byte.
import { main } from "./contract.mjs";

let dispatcher; // none: fetch takes its own pool

async function exchange(method, url, body, timeout, fresh, received) {
  const pool = dispatcher ?? globalThis[Symbol.for("undici.globalDispatcher.1")]; // not there before the first fetch
  if (fresh && pool) {
    dispatcher = new pool.constructor();
    pool.close();
  }
  const headers = body ? { "Content-Type": "application/octet-stream" } : {};
  const signal = timeout ? AbortSignal.timeout(timeout) : undefined;
  const response = await fetch(url, { method, headers, body, signal, dispatcher });
  received.push(Buffer.from(await response.arrayBuffer()));
  return response.status;
}

function word(error) {
  if (error.name === "TimeoutError") return "timeout";
  if (error.name === "HTTPParserError") return "protocol";
  if (error.code === "UND_ERR_SOCKET") return "closed"; // "other side closed"
  if (error.code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") return "closed";
}

await main(exchange, word);
await (dispatcher ?? globalThis[Symbol.for("undici.globalDispatcher.1")])?.close();

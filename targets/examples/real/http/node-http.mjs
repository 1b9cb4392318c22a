// node:http, and node:https, with a keep-alive agent. timeout is the socket's: so long without traffic emits "timeout", and the caller ends it.
import http from "node:http";
import https from "node:https";
import { main } from "./contract.mjs";

let agent;

function exchange(method, url, body, timeout, fresh, received) {
  const by = url.startsWith("https:") ? https : http;
  if (fresh) agent?.destroy();
  if (fresh || !agent) agent = new by.Agent({ keepAlive: true });
  const headers = body ? { "Content-Type": "application/octet-stream", "Content-Length": body.length } : {};
  return new Promise((resolve, reject) => {
    const request = by.request(url, { agent, method, headers, timeout }, (response) => {
      response.on("data", (chunk) => received.push(chunk));
      response.on("end", () => resolve(response.statusCode));
      response.on("error", reject);
    });
    request.on("timeout", () => request.destroy(new DOMException("no traffic in time", "TimeoutError")));
    request.on("error", reject);
    request.end(body);
  });
}

function word(error) {
  if (error.name === "TimeoutError") return "timeout";
  if (error.code?.startsWith("HPE_")) return "protocol";
  if (error.code === "ECONNRESET" && error.errno === undefined) return "closed"; // "socket hang up", "aborted"
}

await main(exchange, word);
agent?.destroy();

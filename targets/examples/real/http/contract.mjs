// What the Node programs share: arguments, exit codes and session. None of it touches a connection.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const codes = { ok: 0, timeout: 10, reset: 11, closed: 12, refused: 13, corrupt: 14, protocol: 15, unsupported: 89 };
const system = { ETIMEDOUT: "timeout", ECONNREFUSED: "refused", ECONNRESET: "reset", EPIPE: "reset", ECONNABORTED: "reset" };

function* causes(error) {
  for (; error; error = error.cause) yield error;
}

// The outcome that the first of the error's causes stands for: word knows the library's errors. What comes from the system has
// an errno; Node gives its own "socket hang up" and "aborted" the code ECONNRESET, but no errno.
function outcome(error, word) {
  for (const cause of causes(error)) {
    const found = word(cause) ?? (cause.errno !== undefined ? system[cause.code] : undefined);
    if (found) return found;
  }
  return "other";
}

// What came of an exchange: its outcome, the body received, and what there is to say.
async function play(exchange, word, method, url, payload, timeout, fresh) {
  const received = [];
  try {
    const status = await exchange(method, url, payload ? readFileSync(payload) : undefined, timeout, fresh, received);
    return [status >= 200 && status < 300 ? "ok" : "other", Buffer.concat(received), `status ${status}`];
  } catch (error) {
    const detail = [...causes(error)].map((cause) => `${cause.name} ${cause.code ?? ""}: ${cause.message}`).join(" < ");
    return [outcome(error, word), Buffer.concat(received), detail];
  }
}

export async function main(exchange, word) {
  const [mode, ...args] = process.argv.slice(2);
  if (["get", "head", "post"].includes(mode)) {
    const timeout = Number(process.env.FAULTWIRE_TIMEOUT_MS ?? 0);
    const [result, received, detail] = await play(exchange, word, mode.toUpperCase(), args[0], args[1], timeout, false);
    process.stdout.write(received);
    if (result !== "ok") console.error(detail);
    process.exitCode = codes[result] ?? 1;
    return;
  }
  if (mode !== "session") {
    process.exitCode = codes.unsupported;
    return;
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line), reply = { id: request.id, outcome: "unsupported" };
    if (request.kind === "http" && ["GET", "HEAD", "POST"].includes(request.method)) {
      const [result, received, detail] = await play(exchange, word, request.method, request.url, request.payload,
        request.timeout_ms, request.fresh);
      const sha256 = createHash("sha256").update(received).digest("hex");
      Object.assign(reply, { outcome: result, bytes: received.length, sha256, detail });
    }
    console.log(JSON.stringify(reply));
  }
}

// A sound TCP client, made to be copied. It sends what it reads from stdin as one message, waits for the same message to
// come back, and writes it to stdout. The exit code says how that ended, and stderr says it in words.

import net from 'node:net'
import { buffer } from 'node:stream/consumers'
import { parseArgs } from 'node:util'

const COMPLETE = 0, OTHER = 1, TIMEOUT = 10, RESET = 11, CLOSED = 12, REFUSED = 13, CORRUPT = 14, MALFORMED = 15
const UNSUPPORTED = 89
const KINDS = { ETIMEDOUT: TIMEOUT, ECONNRESET: RESET, EPIPE: RESET, ECONNABORTED: RESET, ECONNREFUSED: REFUSED }
const LIMIT = 16 * 1024 * 1024 // the longest message; a longer one is a mistake or an attack
const LF = 10

const { values: options, positionals: [host, port] } = parseArgs({
  allowPositionals: true,
  options: {
    protocol: { type: 'string', default: 'echo' },
    'timeout-ms': { type: 'string', default: process.env.FAULTWIRE_TIMEOUT_MS || '500' },
  },
})
const protocol = options.protocol
const timeout = Number(options['timeout-ms'])
if (!port || !['echo', 'framed', 'line'].includes(protocol)) {
  console.error('usage: client.mjs host port [--protocol echo|framed|line] [--timeout-ms 500]')
  process.exit(2)
}

const message = await buffer(process.stdin)
if (protocol !== 'echo' && message.length > LIMIT || protocol === 'line' && message.includes(LF)) {
  console.error('client: too long a message, or a line of several lines')
  process.exit(UNSUPPORTED)
}

// The message as it travels: with what tells the other side where it ends.
function encode () {
  if (protocol === 'line') return Buffer.concat([message, Buffer.from([LF])])
  if (protocol === 'echo') return message
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(message.length)
  return Buffer.concat([prefix, message])
}

// TCP is a stream without message boundaries: one 'data' may bring any part of the reply, even of its length. Collect the
// parts, and join them once, when they are needed: joining at each is slow for long messages, and as text breaks letters.
const parts = []
let size = 0
let length // of a framed reply, once it is known

// add takes a part and says whether the reply is complete.
function add (data) {
  parts.push(data)
  size += data.length
  if (protocol === 'echo') return size >= message.length
  if (protocol === 'framed') {
    if (length === undefined && size >= 4) length = Buffer.concat(parts).readUInt32BE(0)
    // A stranger's claim: no memory and no waiting for it.
    if (length > LIMIT) return finish(MALFORMED, `the reply claims to be ${length} bytes long`)
    return size >= 4 + length // undefined makes this false
  }
  const end = data.indexOf(LF)
  if (size - data.length + (end < 0 ? data.length : end) > LIMIT) return finish(MALFORMED, 'the reply is a line without end')
  return end >= 0
}

function body () {
  const received = Buffer.concat(parts)
  if (protocol === 'framed') return received.subarray(4)
  return protocol === 'line' && received.at(-1) === LF ? received.subarray(0, -1) : received
}

// finish ends the exchange; what happens afterwards does not count.
function finish (code, problem) {
  if (process.exitCode !== undefined) return
  process.exitCode = code // 0 only if every byte is back: success is what the calling program believes
  clearTimeout(silence)
  clearTimeout(whole)
  socket.destroy()
  process.stdout.write(body())
  if (problem) console.error('client:', problem)
}

// Two deadlines. The first bounds each wait, but a peer that drips a byte now and then would renew it for ever, so the other
// bounds the whole. socket.setTimeout() would only be the first, and closes nothing by itself.
const silence = setTimeout(() => finish(TIMEOUT, `nothing came and nothing went for ${timeout} ms`), timeout)
const whole = setTimeout(() => finish(TIMEOUT, 'the whole exchange took too long'), 4 * timeout)

const socket = net.connect({ host, port, noDelay: true })
socket.on('connect', () => {
  send(encode())
  take(Buffer.alloc(0)) // the echo of nothing is complete already
})
socket.on('data', take) // while sending, too: a peer that answers at once stops reading when nobody takes its answer
socket.on('end', () => finish(CLOSED, 'the peer closed before the whole reply was here')) // an orderly close is no 'error'
socket.on('error', (error) => finish(KINDS[error.code] ?? OTHER, error.message)) // without it an error ends the program

function take (data) {
  silence.refresh()
  if (add(data)) finish(...(body().equals(message) ? [COMPLETE] : [CORRUPT, 'the reply is not what was sent']))
}

// In parts, each when the one before has gone: so it shows that a long message makes progress on a slow link.
function send (unsent) {
  if (unsent.length === 0) return
  socket.write(unsent.subarray(0, 16384), (error) => {
    if (error) return // comes as 'error', too
    silence.refresh()
    send(unsent.subarray(16384))
  })
}

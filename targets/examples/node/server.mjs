// A sound TCP server, made to be copied. It sends back each message of each client, until the client has finished.

import net from 'node:net'
import { PassThrough, Transform } from 'node:stream'
import { parseArgs } from 'node:util'

const LIMIT = 16 * 1024 * 1024 // the longest message: what one client may make this server keep
const WRITE_TIMEOUT = 60_000 // ms; a slow reader is no idle client, but one that never reads must not be kept for ever
const FAREWELL = 1000 // ms that clients get to finish when the server is told to end
const LF = 10

const { values: options, positionals: [host, port] } = parseArgs({
  allowPositionals: true,
  options: { protocol: { type: 'string', default: 'echo' }, 'idle-ms': { type: 'string', default: '600' } },
})
const idle = Number(options['idle-ms'])

// What lies between a client's bytes and its answers: a stream that lets whole messages through. TCP has no message
// boundaries: a chunk may hold any part of a message, even of its length, or many messages.
const protocols = {
  echo: () => new PassThrough(), // has no messages: every byte goes back at once

  framed () { // a length in four bytes, then as many bytes
    let parts = [], size = 0, need = 4
    return new Transform({
      transform (chunk, _, done) {
        parts.push(chunk)
        size += chunk.length
        if (size < need) return done() // join the parts when it is worth while, not at each
        let received = Buffer.concat(parts)
        while (received.length >= need) {
          need = 4 + received.readUInt32BE(0)
          if (need > 4 + LIMIT) return done(new Error('a message claims to be too long')) // no memory, no waiting for it
          if (received.length < need) break
          this.push(received.subarray(0, need)) // an answer is the message itself
          received = received.subarray(need)
          need = 4
        }
        parts = [received]
        size = received.length
        done()
      }, // at the end what is left is half a message: no message at all
    })
  },

  // Text until an LF; a CR is a byte like any other. Bytes, not a string: a letter that comes in two chunks would break.
  line () {
    let parts = [], size = 0
    return new Transform({
      transform (chunk, _, done) {
        const first = chunk.indexOf(LF), end = chunk.lastIndexOf(LF) + 1
        if (size + (first < 0 ? chunk.length : first) > LIMIT) return done(new Error('a line has no end'))
        if (end > 0) {
          this.push(Buffer.concat([...parts, chunk.subarray(0, end)]))
          parts = []
          size = 0
        }
        parts.push(chunk.subarray(end))
        size += chunk.length - end
        done()
      },
      flush (done) { done(null, Buffer.concat(parts)) }, // the client's last line has no end
    })
  },
}

// serve serves one client. Whatever happens to it is its own trouble, never the server's.
function serve (client) {
  const messages = protocols[options.protocol]()
  // pipe() stops reading while an answer waits to be taken, so TCP slows the client down and no queue grows. It also passes
  // the client's end on: when all answers are written.
  client.pipe(messages).pipe(client)

  let waited = 0
  client.on('drain', () => { waited = 0 })
  client.setTimeout(idle) // a client that has vanished never says so. The event alone closes nothing
  client.on('timeout', () => {
    if (client.writableLength === 0) return client.destroySoon() // all is sent: an orderly end
    waited += idle
    if (waited >= WRITE_TIMEOUT) return client.destroy()
    client.setTimeout(idle) // it is slow, not silent
  })
  messages.on('error', (error) => {
    console.error('client:', error.message)
    client.destroySoon()
  })
  client.on('error', (error) => console.error('client:', error.message)) // without it a reset ends the server
  client.on('close', () => messages.destroy())
}

if (!port || !(options.protocol in protocols)) {
  console.error('usage: server.mjs host port [--protocol echo|framed|line] [--idle-ms 600]')
  process.exit(2)
}
// allowHalfOpen: a client that has sent its last byte still reads. The default ends the other direction at once.
const server = net.createServer({ allowHalfOpen: true, noDelay: true }, serve)
server.on('error', (error) => {
  console.error('server:', error.message)
  if (!server.listening) process.exit(1) // else too many clients are open, or one is gone already: the next may fare better
})
// It sets SO_REUSEADDR: a restart finds its port free. The backlog is how many clients may wait to be accepted.
server.listen({ host, port, backlog: 1024 }, () => console.error('listening on port', server.address().port))
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => { // take no more clients, let those finish that are being served
    server.close()
    setTimeout(() => process.exit(0), FAREWELL).unref()
  })
}

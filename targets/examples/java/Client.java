import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.List;

/**
 * A sound TCP client, made to be copied. It sends what it reads from stdin as one message, waits for the same message to come
 * back, and writes it to stdout. The exit code says how that ended, and stderr says it in words.
 */
public class Client {
    static final int COMPLETE = 0, OTHER = 1, TIMEOUT = 10, RESET = 11, CLOSED = 12, REFUSED = 13, CORRUPT = 14,
            MALFORMED = 15, UNSUPPORTED = 89;
    static final int LIMIT = 16 << 20; // the longest message; a longer one is a mistake or an attack

    /** How an exchange failed. Java's own exceptions tell a reset from other trouble by their text alone. */
    static class Failure extends Exception {
        final int code;

        Failure(int code, String problem) {
            super(problem);
            this.code = code;
        }
    }

    final String protocol;
    final byte[] message;
    byte[] received = new byte[65536]; // grows as bytes come, not as a length promises
    int size; // how many of them are there

    Client(String protocol, byte[] message) {
        this.protocol = protocol;
        this.message = message;
    }

    /** The message as it travels: with what tells the other side where it ends. */
    ByteBuffer encode() {
        ByteBuffer request = ByteBuffer.allocate(4 + message.length + 1);
        if (protocol.equals("framed")) request.putInt(message.length); // most significant byte first, as the network has it
        request.put(message);
        if (protocol.equals("line")) request.put((byte) '\n');
        return request.flip();
    }

    /** How many bytes the reply has, as far as those that are here can tell: if there are fewer, it is not complete. */
    int wanted(int before) throws Failure {
        if (protocol.equals("echo")) return message.length;
        if (protocol.equals("framed")) {
            if (size < 4) return 4; // even the length may come in parts
            int length = ByteBuffer.wrap(received).getInt();
            if (length < 0 || length > LIMIT) // a stranger's claim: no memory and no waiting for it. 0xFFFFFFFF is -1
                throw new Failure(MALFORMED, "the reply claims to be longer than any message");
            return 4 + length;
        }
        int end = before; // where the search for a line's end stopped
        while (end < size && received[end] != '\n') end++;
        if (end > LIMIT) throw new Failure(MALFORMED, "the reply is a line without end");
        return end + 1;
    }

    void exchange(InetSocketAddress address, int timeout) throws IOException, Failure {
        // Two deadlines. timeout bounds each wait, but a peer that drips a byte now and then would renew it for ever, so this
        // one bounds the whole. nanoTime never jumps; currentTimeMillis does when somebody sets the clock.
        long end = System.nanoTime() + 4_000_000L * timeout;
        try (SocketChannel channel = SocketChannel.open(); Selector selector = Selector.open()) {
            channel.socket().setTcpNoDelay(true);
            try {
                channel.socket().connect(address, timeout); // without a timeout: minutes, if nobody answers
            } catch (SocketTimeoutException e) {
                throw new Failure(TIMEOUT, "no connection for " + timeout + " ms");
            } catch (ConnectException e) {
                throw new Failure(REFUSED, e.getMessage());
            }
            channel.configureBlocking(false); // a blocking write has no timeout in Java
            SelectionKey key = channel.register(selector, SelectionKey.OP_READ | SelectionKey.OP_WRITE);
            ByteBuffer request = encode();
            boolean wasReset = false;
            // TCP is a stream without message boundaries: one read may bring any part of the reply. Count them.
            for (int need = wanted(0); size < need; ) {
                long patience = Math.min(timeout, (end - System.nanoTime()) / 1_000_000); // a fresh one for each wait
                if (patience <= 0) throw new Failure(TIMEOUT, "the whole exchange took too long");
                // Read while sending: a peer that answers at once stops reading when nobody takes its answer, and a client
                // that only sends would then wait for a peer that waits for the client.
                if (selector.select(patience) == 0 && patience == timeout) // a shorter wait was the whole's last
                    throw new Failure(TIMEOUT, "nothing came and nothing went for " + timeout + " ms");
                selector.selectedKeys().clear();
                if (key.isReadable()) {
                    if (size == received.length) received = Arrays.copyOf(received, 2 * size);
                    int n;
                    try {
                        n = channel.read(ByteBuffer.wrap(received, size, received.length - size));
                    } catch (IOException e) {
                        throw new Failure(RESET, e.getMessage());
                    }
                    if (n < 0) // is how an orderly close looks
                        throw wasReset ? new Failure(RESET, "connection reset while sending")
                                : new Failure(CLOSED, "the peer closed before the whole reply was here");
                    size += n;
                    need = wanted(size - n);
                } else if (key.isWritable()) {
                    try {
                        channel.write(request); // may take a part only
                    } catch (IOException e) { // said once: read will still give what came before, then an end
                        wasReset = true;
                    }
                    if (wasReset || !request.hasRemaining()) key.interestOps(SelectionKey.OP_READ);
                }
            }
        }
        if (!ByteBuffer.wrap(received, 0, size).equals(encode())) throw new Failure(CORRUPT, "the reply is not what was sent");
    }

    /** What of the body is here, without what tells its end. */
    void printBody() {
        int from = protocol.equals("framed") ? Math.min(4, size) : 0;
        int to = protocol.equals("line") && size > 0 && received[size - 1] == '\n' ? size - 1 : size;
        System.out.write(received, from, to - from);
        System.out.flush();
    }

    public static void main(String[] args) throws IOException {
        String protocol = "echo", timeout = System.getenv().getOrDefault("FAULTWIRE_TIMEOUT_MS", "500");
        for (int i = 2; i + 1 < args.length; i += 2) {
            if (args[i].equals("--protocol")) protocol = args[i + 1];
            if (args[i].equals("--timeout-ms")) timeout = args[i + 1];
        }
        if (args.length < 2 || args.length % 2 != 0 || !List.of("echo", "framed", "line").contains(protocol)) {
            System.err.println("usage: Client host port [--protocol echo|framed|line] [--timeout-ms 500]");
            System.exit(2);
        }
        byte[] message = System.in.readAllBytes();
        boolean lines = protocol.equals("line") && new String(message, ISO_8859_1).contains("\n");
        if (lines || !protocol.equals("echo") && message.length > LIMIT) {
            System.err.println("client: too long a message, or a line of several lines");
            System.exit(UNSUPPORTED);
        }

        Client client = new Client(protocol, message);
        int code = COMPLETE;
        String problem = null;
        try {
            client.exchange(new InetSocketAddress(args[0], Integer.parseInt(args[1])), Integer.parseInt(timeout));
        } catch (Failure e) {
            code = e.code;
            problem = e.getMessage();
        } catch (IOException e) { // no such host, no route, …
            code = OTHER;
            problem = e.toString();
        }
        client.printBody();
        if (problem != null) System.err.println("client: " + problem);
        System.exit(code); // 0 only if every byte is back: success is what the calling program believes
    }
}

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A sound TCP server, made to be copied. It sends back each message of each client, until the client has finished. */
public class Server {
    static final int LIMIT = 16 << 20; // the longest message: what one client may make this server keep
    static final int PART = 65536;
    static final int WRITE_TIMEOUT = 60; // seconds; a slow reader is no idle client, but none may stay for ever
    static final int FAREWELL = 1; // second that clients get to finish when the server is told to end

    static final ScheduledThreadPoolExecutor watchdog = new ScheduledThreadPoolExecutor(1);

    /** The bytes of one message. It is used again for the next: a server that makes garbage needs memory for it. */
    static class Message extends ByteArrayOutputStream { // grows as bytes come, not as a length promises
        final byte[] part = new byte[PART];

        /** Takes up to most bytes more, as many as have come. */
        int take(InputStream in, int most) throws IOException {
            int n = in.read(part, 0, Math.min(PART, most));
            if (n > 0) write(part, 0, n);
            return n;
        }

        /** Receives the next message, as it comes; false is the client's end. */
        boolean receive(DataInputStream in, String protocol) throws IOException {
            reset();
            if (protocol.equals("echo")) return take(in, PART) > 0; // has no messages: every byte goes back at once
            if (protocol.equals("framed")) {
                int length;
                try {
                    length = in.readInt(); // waits for all four bytes; most significant byte first
                } catch (EOFException e) {
                    return false;
                }
                if (length < 0 || length > LIMIT) // a stranger's claim: no memory and no waiting for it. 0xFFFFFFFF is -1
                    throw new IOException("a message claims to be " + Integer.toUnsignedString(length) + " bytes long");
                new DataOutputStream(this).writeInt(length);
                while (size() < 4 + length) {
                    if (take(in, 4 + length - size()) < 0) return false; // half a message is none
                }
                return true;
            }
            // Bytes until an LF. Not readLine(), which drops line ends, takes a CR for one and knows no limit.
            for (int b; (b = in.read()) >= 0; ) {
                write(b);
                if (b == '\n') break;
                if (size() > LIMIT) throw new IOException("a line without end");
            }
            return size() > 0; // the last line may have no end
        }

        /**
         * Sends the message. Nothing is read meanwhile, so a client that does not take its answers is slowed down by TCP, and
         * no queue grows. A write in Java has no timeout: somebody else has to close the socket.
         */
        void send(Socket client) throws IOException {
            for (int at = 0; at < size(); at += PART) { // in parts: a slow reader takes long over a long answer
                Future<?> rescue = watchdog.schedule(() -> { client.close(); return null; }, WRITE_TIMEOUT, TimeUnit.SECONDS);
                try {
                    client.getOutputStream().write(buf, at, Math.min(PART, size() - at));
                } finally {
                    rescue.cancel(false);
                }
            }
        }
    }

    /** Serves one client. Whatever happens to it is its own trouble, never the server's. */
    static void serve(Socket client, String protocol, int idle) {
        try (client) { // closed whichever way this ends: no connection leaks. All was read, so this is no reset
            client.setTcpNoDelay(true); // send small answers at once
            client.setSoTimeout(idle); // a client that vanished never says so: silence has to end some time
            DataInputStream in = new DataInputStream(new BufferedInputStream(client.getInputStream(), PART));
            Message message = new Message();
            while (message.receive(in, protocol)) message.send(client);
            // The client has sent its last byte, which does not mean that it has stopped reading. All is answered by now.
        } catch (IOException e) { // reset, broken pipe, timed out
            System.err.println("client: " + e.getMessage());
        }
    }

    public static void main(String[] args) throws Exception {
        String protocol = "echo", idle = "600";
        for (int i = 2; i + 1 < args.length; i += 2) {
            if (args[i].equals("--protocol")) protocol = args[i + 1];
            if (args[i].equals("--idle-ms")) idle = args[i + 1];
        }
        if (args.length < 2 || args.length % 2 != 0 || !List.of("echo", "framed", "line").contains(protocol)) {
            System.err.println("usage: Server host port [--protocol echo|framed|line] [--idle-ms 600]");
            System.exit(2);
        }
        String spoken = protocol;
        int patience = Integer.parseInt(idle);
        watchdog.setRemoveOnCancelPolicy(true); // else what was cancelled is kept for a minute, with its socket

        ServerSocket listener = new ServerSocket();
        listener.setReuseAddress(true); // a restart would fail with "Address already in use"
        int backlog = 1024; // how many clients may wait for accept(). By default 50, and a burst of more goes unanswered
        listener.bind(new InetSocketAddress(InetAddress.getByName(args[0]), Integer.parseInt(args[1])), backlog);
        ExecutorService threads = Executors.newCachedThreadPool(); // one each, so that a silent client holds up nobody
        Runtime.getRuntime().addShutdownHook(new Thread(() -> { // at SIGTERM: take no more clients, let those here finish
            try {
                listener.close();
                threads.shutdown();
                threads.awaitTermination(FAREWELL, TimeUnit.SECONDS);
            } catch (IOException | InterruptedException e) {
                System.err.println("end: " + e.getMessage());
            }
            Runtime.getRuntime().halt(0);
        }));
        System.err.println("listening on port " + listener.getLocalPort());
        while (true) {
            try {
                Socket client = listener.accept();
                try {
                    threads.execute(() -> serve(client, spoken, patience));
                } catch (RuntimeException | OutOfMemoryError e) { // ending, or no more threads
                    client.close();
                }
            } catch (IOException e) { // the client is gone already, or too many are open: the next one may fare better
                if (listener.isClosed()) break;
                System.err.println("accept: " + e.getMessage());
                Thread.sleep(100); // when descriptors run out accept fails at once, again and again
            }
        }
    }
}

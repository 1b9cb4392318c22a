import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.*;

/** An echo client in session: put your own client in place of exchange. Usage: java Session HOST PORT */
public class Session {
    static String host;
    static int port;
    static Socket socket; // kept from one exchange to the next

    /** Your client: it sends the message, writes what comes back to received, and throws what goes wrong. */
    static void exchange(byte[] message, OutputStream received, boolean fresh, boolean push, int timeout) throws Exception {
        if (fresh) drop();
        if (socket == null) {
            socket = new Socket();
            socket.connect(new InetSocketAddress(host, port), timeout);
        }
        socket.setSoTimeout(timeout);
        if (push) {
            socket.getOutputStream().write(message);
            return;
        }
        Socket kept = socket;
        var failed = new IOException[1];
        var writer = new Thread(() -> { // read while writing: a peer that echoes at once waits to be read
            try { kept.getOutputStream().write(message); } catch (IOException e) { failed[0] = e; }
        });
        writer.start();
        try {
            byte[] part = new byte[65536];
            for (int got = 0, n; got < message.length; got += n) {
                n = kept.getInputStream().read(part, 0, Math.min(part.length, message.length - got));
                if (n < 0) throw new EOFException("the peer closed before the whole echo was back");
                received.write(part, 0, n);
            }
        } catch (IOException e) {
            kept.close(); // ends the writer, too
            writer.join();
            if (e instanceof EOFException && failed[0] != null) throw failed[0]; // the kernel tells of a reset once
            throw e;
        }
        writer.join();
    }

    static void drop() throws IOException {
        if (socket != null) socket.close(); // whatever is still to come on it belongs to nobody
        socket = null;
    }

    static String outcome(Exception e) {
        if (e instanceof SocketTimeoutException) return "timeout";
        if (e instanceof ConnectException) return "refused";
        if (e instanceof EOFException) return "closed";
        if (e instanceof SocketException) return "reset";
        return "other";
    }

    static String value(String json, String key) { // enough JSON for these requests
        Matcher m = Pattern.compile("\"" + key + "\":(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^,}]*))").matcher(json);
        if (!m.find()) return "";
        return m.group(1) != null ? m.group(1) : m.group(2);
    }

    public static void main(String[] args) throws Exception {
        host = args[0];
        port = Integer.parseInt(args[1]);
        var requests = new BufferedReader(new InputStreamReader(System.in));
        for (String request; (request = requests.readLine()) != null; ) {
            String reply = "{\"id\":" + value(request, "id") + ",\"outcome\":\"";
            boolean push = value(request, "kind").equals("push"); // sent, and no reply awaited
            if (!push && !value(request, "kind").equals("echo")) {
                System.out.println(reply + "unsupported\"}");
                continue;
            }
            var received = new ByteArrayOutputStream();
            String outcome = "ok";
            try {
                String timeout = value(request, "timeout_ms");
                byte[] message = Files.readAllBytes(Path.of(value(request, "payload")));
                exchange(message, received, value(request, "fresh").equals("true"), push, timeout.isEmpty() ? 500 : Integer.parseInt(timeout));
            } catch (Exception e) {
                drop();
                outcome = outcome(e);
            }
            byte[] sum = MessageDigest.getInstance("SHA-256").digest(received.toByteArray());
            System.out.println(reply + outcome + "\",\"bytes\":" + received.size() + ",\"sha256\":\"" + HexFormat.of().formatHex(sum) + "\"}");
        }
        drop();
    }
}

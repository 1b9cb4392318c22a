import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.util.*;
import java.util.regex.*;

/**
 * java.net.HttpURLConnection, which keeps connections of its own accord: get URL, head URL, post URL FILE, or session.
 * setConnectTimeout bounds the connect, setReadTimeout each read; unset, there are none.
 */
public class JavaUrlConnection {
    static final Map<String, Integer> CODES = Map.of("ok", 0, "timeout", 10, "reset", 11, "closed", 12, "refused", 13, "protocol", 15);

    /** Writes what comes of the body to received, and returns the status. */
    static int exchange(String method, String url, String payload, int timeout, OutputStream received) throws IOException {
        var connection = (HttpURLConnection) new URL(url).openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(timeout);
        connection.setReadTimeout(timeout);
        if (!payload.isEmpty()) {
            connection.setRequestProperty("Content-Type", "application/octet-stream");
            connection.setDoOutput(true);
            try (var body = connection.getOutputStream()) {
                body.write(Files.readAllBytes(Path.of(payload)));
            }
        }
        int status = connection.getResponseCode();
        try (var body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            if (body != null) body.transferTo(received);
        }
        return status;
    }

    static String outcome(Throwable error) {
        if (error instanceof SocketTimeoutException) return "timeout";
        if (error instanceof ConnectException) return "refused";
        String text = String.valueOf(error.getMessage()); // what follows has no type, or the same one as a reset
        if (text.contains("Premature EOF") || text.contains("Unexpected end of file")) return "closed";
        if (text.contains("Bogus chunk size") || text.contains("Invalid Http response")) return "protocol";
        if (error instanceof SocketException || text.contains("Error writing to server")) return "reset";
        return error.getCause() == null ? "other" : outcome(error.getCause());
    }

    static String detail(Throwable error) {
        return error == null ? "" : error + (error.getCause() == null ? "" : " < " + detail(error.getCause()));
    }

    static String value(String json, String key) { // enough JSON for these requests
        Matcher m = Pattern.compile("\"" + key + "\":\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^,}]*))").matcher(json);
        if (!m.find()) return "";
        return m.group(1) != null ? m.group(1) : m.group(2);
    }

    public static void main(String[] args) throws Exception {
        Trust.environment();
        switch (args[0]) {
            case "get", "head", "post" -> {
                int timeout = Integer.parseInt(System.getenv().getOrDefault("FAULTWIRE_TIMEOUT_MS", "0"));
                try {
                    int status = exchange(args[0].toUpperCase(), args[1], args.length > 2 ? args[2] : "", timeout, System.out);
                    System.out.flush();
                    if (status / 100 != 2) throw new Exception("status " + status);
                } catch (Exception e) {
                    System.out.flush();
                    System.err.println(detail(e));
                    System.exit(CODES.getOrDefault(outcome(e), 1));
                }
            }
            case "session" -> session();
            default -> System.exit(89);
        }
    }

    static void session() throws Exception {
        var requests = new BufferedReader(new InputStreamReader(System.in));
        for (String request; (request = requests.readLine()) != null; ) {
            String method = value(request, "method"), outcome = "unsupported", detail = "";
            var received = new ByteArrayOutputStream();
            boolean fresh = value(request, "fresh").equals("true"); // which connection it takes is its own affair
            if (value(request, "kind").equals("http") && Set.of("GET", "HEAD", "POST").contains(method) && !fresh) {
                try {
                    int status = exchange(method, value(request, "url"), value(request, "payload"),
                        Integer.parseInt("0" + value(request, "timeout_ms")), received);
                    detail = "status " + status;
                    outcome = status / 100 == 2 ? "ok" : "other";
                } catch (Exception e) {
                    detail = detail(e).replaceAll("[\"\\\\\\p{Cntrl}]", "?");
                    outcome = outcome(e);
                }
            }
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(received.toByteArray()));
            System.out.printf("{\"id\":%s,\"outcome\":\"%s\",\"bytes\":%d,\"sha256\":\"%s\",\"detail\":\"%s\"}%n",
                value(request, "id"), outcome, received.size(), sum, detail);
        }
    }
}

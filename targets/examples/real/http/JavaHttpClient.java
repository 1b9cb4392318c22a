import java.io.*;
import java.net.*;
import java.net.http.*;
import java.nio.file.*;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.*;
import java.util.regex.*;

/**
 * java.net.http.HttpClient: get URL, head URL, post URL FILE, or session. The request's timeout() bounds the time until the
 * response's headers are there, connecting included; not the body. Unset, there is none.
 */
public class JavaHttpClient {
    static final Map<String, Integer> CODES = Map.of("ok", 0, "timeout", 10, "reset", 11, "closed", 12, "refused", 13, "protocol", 15);

    static HttpClient client;

    static HttpResponse<byte[]> exchange(String method, String url, String payload, boolean fresh, int timeout) throws Exception {
        if (fresh || client == null) client = HttpClient.newHttpClient();
        var request = HttpRequest.newBuilder(URI.create(url));
        if (payload.isEmpty()) {
            request.method(method, HttpRequest.BodyPublishers.noBody());
        } else {
            request.header("Content-Type", "application/octet-stream").method(method, HttpRequest.BodyPublishers.ofFile(Path.of(payload)));
        }
        if (timeout > 0) request.timeout(Duration.ofMillis(timeout));
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    static String outcome(Throwable error) {
        for (Throwable e = error; e != null; e = e.getCause()) {
            if (e instanceof HttpTimeoutException) return "timeout";
            if (e instanceof ConnectException) return "refused";
            if (e instanceof EOFException) return "closed";
            if (e instanceof ProtocolException) return "protocol";
            if (e instanceof SocketException) return "reset";
        }
        return String.valueOf(error.getMessage()).contains("chunk size") ? "protocol" : "other"; // a plain IOException
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
                    var response = exchange(args[0].toUpperCase(), args[1], args.length > 2 ? args[2] : "", false, timeout);
                    System.out.write(response.body());
                    System.out.flush();
                    if (response.statusCode() / 100 != 2) throw new Exception("status " + response.statusCode());
                } catch (Exception e) {
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
            byte[] received = {};
            if (value(request, "kind").equals("http") && Set.of("GET", "HEAD", "POST").contains(method)) {
                try {
                    var response = exchange(method, value(request, "url"), value(request, "payload"), value(request, "fresh").equals("true"),
                        Integer.parseInt("0" + value(request, "timeout_ms")));
                    received = response.body();
                    detail = "status " + response.statusCode();
                    outcome = response.statusCode() / 100 == 2 ? "ok" : "other";
                } catch (Exception e) {
                    detail = detail(e).replaceAll("[\"\\\\\\p{Cntrl}]", "?");
                    outcome = outcome(e);
                }
            }
            String sum = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(received));
            System.out.printf("{\"id\":%s,\"outcome\":\"%s\",\"bytes\":%d,\"sha256\":\"%s\",\"detail\":\"%s\"}%n",
                value(request, "id"), outcome, received.length, sum, detail);
        }
    }
}

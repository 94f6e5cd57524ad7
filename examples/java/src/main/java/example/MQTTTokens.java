package example;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An app under test: it keeps an MQTT token fresh and backs off when the service says that it asks too often. It signs by
 * itself, so that the example needs the JDK alone; the vendor's SDK takes {@code Config.build(box.settings().acs())}.
 */
public final class MQTTTokens {
    private static final Duration LIFE = Duration.ofHours(1);
    private static final Duration MARGIN = Duration.ofMinutes(5);
    private static final int ATTEMPTS = 4;
    private static final Duration FIRST_BACK_OFF = Duration.ofMillis(500);

    /** An error that the service answered with. */
    public static final class APIException extends Exception {
        private static final long serialVersionUID = 1;

        /** The service's code. */
        public final String code;

        APIException(String code, String message) {
            super(code + ": " + message);
            this.code = code;
        }
    }

    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<String, String> config;
    private final String instance;
    private final String topics;
    private final Supplier<Instant> now;
    private final Consumer<Duration> wait;
    private String token;
    private Instant expires = Instant.MIN;

    /**
     * Returns the app.
     * @param config endpoint, accessKeyId and accessKeySecret, as the vendor's SDK takes them
     * @param now the clock, Instant::now in production
     * @param wait waits so long
     */
    public MQTTTokens(Map<String, String> config, String instance, String topics, Supplier<Instant> now,
        Consumer<Duration> wait) {
        this.config = config;
        this.instance = instance;
        this.topics = topics;
        this.now = now;
        this.wait = wait;
    }

    /** The current token, or a new one when that is about to end. */
    public String token() throws APIException, IOException, InterruptedException {
        if (now.get().plus(MARGIN).isBefore(expires)) return token;
        Duration backOff = FIRST_BACK_OFF;
        for (int left = ATTEMPTS - 1;; left--) {
            Instant end = now.get().plus(LIFE);
            try {
                token = apply(end);
                expires = end;
                return token;
            } catch (APIException e) {
                if (!e.code.equals("ApplyTokenOverFlow") || left == 0) throw e;
            }
            wait.accept(backOff);
            backOff = backOff.multipliedBy(2);
        }
    }

    private String apply(Instant end) throws APIException, IOException, InterruptedException {
        Map<String, String> query = new TreeMap<>(Map.of("Action", "ApplyToken", "Version", "2020-04-20", "Format", "JSON",
            "AccessKeyId", config.get("accessKeyId"), "SignatureMethod", "HMAC-SHA1", "SignatureVersion", "1.0",
            "SignatureNonce", UUID.randomUUID().toString(),
            "Timestamp", now.get().truncatedTo(ChronoUnit.SECONDS).toString(), "InstanceId", instance, "Actions", "R,W"));
        query.put("Resources", topics);
        query.put("ExpireTime", Long.toString(end.toEpochMilli()));
        query.put("Signature", signature("POST&%2F&" + escaped(canonical(query))));
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + config.get("endpoint") + "/?" + canonical(query)))
            .POST(HttpRequest.BodyPublishers.noBody()).build();
        HttpResponse<String> reply = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (reply.statusCode() == 200) return member(reply.body(), "Token");
        throw new APIException(member(reply.body(), "Code"), member(reply.body(), "Message"));
    }

    private String signature(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec((config.get("accessKeySecret") + "&").getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The query encoded by RFC 3986; it is sorted by name. */
    private static String canonical(Map<String, String> query) {
        return query.entrySet().stream().map(one -> escaped(one.getKey()) + "=" + escaped(one.getValue()))
            .collect(Collectors.joining("&"));
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    /** A member of a flat reply, whose texts hold no escapes. */
    private static String member(String json, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":\"([^\"]*)\"").matcher(json);
        return found.find() ? found.group(1) : "";
    }
}

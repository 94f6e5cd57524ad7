package io.github.tokenstage.testkit;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Calls the control plane of one Tokenstage. What is refused is thrown as a {@link Problem}. */
public final class Client {
    /** How long a call may take. */
    private static final Duration CALL_LIMIT = Duration.ofSeconds(30);
    private static final int MAX_EXCERPT = 200;

    private final String url;
    private final String token;
    // Calls go to the server itself, whatever proxy the system names for others.
    private final HttpClient http = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1).connectTimeout(CALL_LIMIT).proxy(ProxySelector.of(null)).build();

    /**
     * Returns a client.
     * @param url the address of the control plane, such as http://127.0.0.1:4011
     * @param token the control plane's token; null where it asks for none
     */
    public Client(String url, String token) {
        this.url = (url.contains("://") ? url : "http://" + url).replaceFirst("/+$", "");
        this.token = token;
    }

    /** The base URL of the control plane, without a slash at its end. */
    public String url() { return url; }

    /** Returns when the server answers. */
    public void health() { text("GET", "/healthz", null, null); }

    /** The certificate, in PEM, that clients of the data plane over HTTPS have to trust. */
    public String ca() { return text("GET", "/ca.pem", null, null); }

    /** What is emulated. */
    public List<Types.API> apis() { return get("/v1/apis", Types.APIList.class).apis(); }

    /** What can be played by its name. */
    public List<Types.ScenarioSummary> scenarios() { return get("/v1/scenarios", Types.ScenarioList.class).scenarios(); }

    /** Which documented errors were seen in any sandbox, also in those that were removed since. */
    public Types.Coverage wholeCoverage() { return get("/v1/coverage", Types.Coverage.class); }

    Types.Sandbox createSandbox(Map<String, Object> definition) {
        return call("POST", "/v1/sandboxes", definition, Types.Sandbox.class);
    }

    /** A sandbox that exists. */
    public Types.Sandbox sandbox(String id) { return get(path(id), Types.Sandbox.class); }

    /** Deletes a sandbox with all its state. */
    public void removeSandbox(String id) { text("DELETE", path(id), null, null); }

    void reset(String id) { text("POST", path(id, "reset"), null, null); }

    /** A sandbox as a file that {@code tokenstage sandbox load} reads, with its calls and without its secrets. */
    public String snapshot(String id) { return text("GET", path(id, "snapshot") + "?journal=true", null, null); }

    /** Which documented errors were seen in a sandbox. */
    public Types.Coverage coverage(String id) { return get(path(id, "coverage"), Types.Coverage.class); }

    Types.Clock clock(String id) { return get(path(id, "clock"), Types.Clock.class); }

    Types.Clock changeClock(String id, String member, Object value) {
        return call("PATCH", path(id, "clock"), Map.of(member, value), Types.Clock.class);
    }

    List<Types.Playing> playing(String id) { return get(path(id, "scenarios"), Types.PlayingList.class).scenarios(); }

    void play(String id, String name) { text("PUT", path(id, "scenarios", name), null, null); }

    void play(String id, String name, String yaml) { text("PUT", path(id, "scenarios", name), yaml, "application/yaml"); }

    void stop(String id, String name) { text("DELETE", path(id, "scenarios", name), null, null); }

    /**
     * All calls in a journal that a filter selects, the oldest first.
     * @param filter api, operation and outcome; what is left out selects all
     */
    public List<Types.Entry> requests(String id, Map<String, String> filter) {
        List<Types.Entry> all = new ArrayList<>();
        Map<String, String> query = new LinkedHashMap<>(filter);
        query.put("limit", "1000");
        for (Long after = 0L; after != null;) {
            query.put("after", after.toString());
            Types.EntryPage page = get(path(id, "requests") + "?" + encoded(query), Types.EntryPage.class);
            all.addAll(page.requests());
            after = page.next();
        }
        return all;
    }

    void clearRequests(String id) { text("DELETE", path(id, "requests"), null, null); }

    Types.Judgement judge(String id, Map<String, Object> claim) {
        return call("POST", path(id, "claims"), claim, Types.Judgement.class);
    }

    List<Types.Token> tokens(String id) { return get(path(id, "tokens"), Types.TokenList.class).tokens(); }

    Types.Token changeToken(String id, String token, String change) {
        return call("POST", path(id, "tokens", token, change), null, Types.Token.class);
    }

    List<Types.MQTTClient> clients(String id) { return get(path(id, "clients"), Types.ClientList.class).clients(); }

    void cutClient(String id, String client) { text("DELETE", path(id, "clients", client), null, null); }

    private <T> T get(String target, Class<T> type) { return call("GET", target, null, type); }

    private <T> T call(String method, String target, Object body, Class<T> type) {
        String reply = text(method, target, body == null ? null : Json.write(body), "application/json");
        try {
            return Json.read(reply, type);
        } catch (IllegalArgumentException | ClassCastException e) {
            throw new IllegalStateException(
                method + " " + target + ": the reply of " + url + " is none of a control plane", e);
        }
    }

    private String text(String method, String target, String body, String contentType) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + target)).timeout(CALL_LIMIT)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
        if (body != null) request.header("Content-Type", contentType);
        if (token != null) request.header("Authorization", "Bearer " + token);
        String call = method + " " + target;
        HttpResponse<String> reply;
        try {
            reply = http.send(request.build(), BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(call + ": interrupted", new InterruptedIOException());
        } catch (IOException e) {
            String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
            throw new UncheckedIOException(call + ": " + url + " does not answer: " + reason, e);
        }
        if (reply.statusCode() / 100 == 2) return reply.body();
        throw Problem.of(call, reply.statusCode(), readProblem(reply));
    }

    /** The problem of a reply, also of one that something between client and server wrote. */
    private static Types.Problem readProblem(HttpResponse<String> reply) {
        try {
            Types.Problem said = Json.read(reply.body(), Types.Problem.class);
            if (said != null && said.title() != null && said.detail() != null) return said;
        } catch (IllegalArgumentException | ClassCastException | NullPointerException e) {
            // it is no problem document
        }
        String excerpt = reply.body().strip().replaceAll("\\s+", " ");
        excerpt = excerpt.substring(0, Math.min(excerpt.length(), MAX_EXCERPT));
        return Json.read(Json.write(Map.of("type", "", "title", "HTTP", "status", reply.statusCode(), "detail",
            "the reply is no problem document" + (excerpt.isEmpty() ? "" : ": " + excerpt))), Types.Problem.class);
    }

    private static String path(String id, String... parts) {
        StringBuilder path = new StringBuilder("/v1/sandboxes/").append(escaped(id));
        for (String part : parts) path.append('/').append(escaped(part));
        return path.toString();
    }

    private static String encoded(Map<String, String> query) {
        List<String> pairs = new ArrayList<>();
        query.forEach((name, value) -> pairs.add(escaped(name) + "=" + escaped(value)));
        return String.join("&", pairs);
    }

    private static String escaped(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }
}

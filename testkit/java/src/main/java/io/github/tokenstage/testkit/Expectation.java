package io.github.tokenstage.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A claim about the calls that a sandbox got. Methods that return an Expectation narrow it down to some of the calls, in
 * any order; one of {@code once}, {@code times}, {@code atLeast}, {@code never} and {@code outcomes} then ends it, throws
 * an AssertionError when it does not hold, and returns the calls that it is about, the oldest first. In expected values
 * {@code *} stands for any text. A claim about a name that does not exist fails, and so does one that nothing ended, when
 * its sandbox ends.
 */
public final class Expectation {
    /** How long the server waits for a claim at most. */
    private static final Duration MAX_WAIT = Duration.ofSeconds(10);

    private final Client client;
    private final String sandbox;
    private final Claims claims;
    private final Map<String, Object> claim;
    private final List<Map<String, String>> where;
    private final Duration within;
    private final boolean goesOn;

    Expectation(Client client, String sandbox, Claims claims, Map<String, Object> claim, List<Map<String, String>> where,
        Duration within, boolean goesOn) {
        this.client = client;
        this.sandbox = sandbox;
        this.claims = claims;
        this.claim = claim;
        this.where = where;
        this.within = within;
        this.goesOn = goesOn;
        claims.open(this);
    }

    /** Calls with a parameter of that value: in the query, a form, or a JSON body, where dots lead inwards. */
    public Expectation param(String name, String value) { return narrow("parameter", name, value); }

    /** Calls with a header of that value. */
    public Expectation header(String name, String value) { return narrow("header", name, value); }

    /** MQTT packets about a topic within that filter. */
    public Expectation topic(String filter) { return narrow("topic", null, filter); }

    /** MQTT packets of the client with that client id. */
    public Expectation mqttClient(String clientId) { return param("ClientId", clientId); }

    /** Calls that ended so: {@code ok}, or the provider's code. */
    public Expectation outcome(String outcome) { return narrow("outcome", null, outcome); }

    /** Calls that named themselves by that AccessKey ID or app key. */
    public Expectation credential(String id) { return narrow("credential", null, id); }

    /** Calls whose reply was delivered so. */
    public Expectation delivery(Types.DeliveryState state) { return delivery(state.toString()); }

    Expectation delivery(String state) { return narrow("delivery", null, state); }

    /**
     * Gives apps that call in the background that long, in real time, until the claim must hold. {@code never} then watches
     * for the whole time.
     */
    public Expectation within(Duration limit) { return next(where, limit); }

    /** One call came; null for a check that does not hold because none did. */
    public Types.Entry once() {
        List<Types.Entry> found = end("once", null, null);
        return found.isEmpty() ? null : found.get(0);
    }

    /** Exactly so many calls came. */
    public List<Types.Entry> times(int calls) { return end("times", "calls", calls); }

    /** So many calls or more came. */
    public List<Types.Entry> atLeast(int calls) { return end("atLeast", "calls", calls); }

    /** No call came. */
    public void never() { end("never", null, null); }

    /** The calls ended so, in this order, and there were no others. */
    public List<Types.Entry> outcomes(String... outcomes) { return end("outcomes", "outcomes", List.of(outcomes)); }

    /** Says which calls the claim is about. */
    @Override
    public String toString() {
        List<String> conditions = new ArrayList<>();
        for (Map<String, String> one : where) {
            String label = switch (one.get("of")) {
                case "parameter" -> one.get("name");
                case "header" -> "header " + one.get("name");
                default -> one.get("of");
            };
            conditions.add(label + " " + Json.write(one.get("value")));
        }
        return claim.get("operation") + (conditions.isEmpty() ? "" : " with " + String.join(", ", conditions));
    }

    private Expectation narrow(String of, String name, String value) {
        Map<String, String> condition = new LinkedHashMap<>();
        condition.put("of", of);
        condition.put("name", name);
        condition.put("value", value);
        List<Map<String, String>> narrowed = new ArrayList<>(where);
        narrowed.add(condition);
        return next(narrowed, within);
    }

    private Expectation next(List<Map<String, String>> where, Duration within) {
        claims.close(this);
        return new Expectation(client, sandbox, claims, claim, where, within, goesOn);
    }

    private List<Types.Entry> end(String want, String member, Object value) {
        claims.close(this);
        Map<String, Object> ended = new LinkedHashMap<>(claim);
        ended.put("where", where);
        ended.put("want", want);
        if (member != null) ended.put(member, value);
        Duration left = within;
        while (true) {
            boolean last = left.compareTo(MAX_WAIT) <= 0;
            ended.put("withinMillis", (last ? left : MAX_WAIT).toMillis());
            Types.Judgement judged = client.judge(sandbox, ended);
            if (!judged.decided() && !last) {
                left = left.minus(MAX_WAIT);
                continue;
            }
            if (!judged.report().isEmpty() && !goesOn) throw new AssertionError(judged.report());
            if (!judged.report().isEmpty()) claims.fail(judged.report());
            return judged.requests();
        }
    }
}

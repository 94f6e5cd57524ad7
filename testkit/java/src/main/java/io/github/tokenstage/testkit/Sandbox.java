package io.github.tokenstage.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** A sandbox in the hands of a test. As a resource it ends with its block, as one whose test did not fail. */
public final class Sandbox implements AutoCloseable {
    /** The folder into which the sandboxes of failed tests are written. */
    private static final String KEEP_VARIABLE = "TOKENSTAGE_KEEP";

    private final Client client;
    private final Types.Sandbox details;
    private final Types.Endpoints endpoints;
    private final SandboxOptions plan;
    private final Instant made;
    private final Claims claims = new Claims();

    private Sandbox(Client client, Types.Sandbox details, Types.Endpoints endpoints, SandboxOptions plan, Instant made) {
        this.client = client;
        this.details = details;
        this.endpoints = endpoints;
        this.plan = plan;
        this.made = made;
    }

    static Sandbox create(Client client, UnaryOperator<Types.Endpoints> reach, SandboxOptions plan) {
        Instant made = Instant.now();
        Types.Sandbox details = client.createSandbox(plan.definition);
        Sandbox box = new Sandbox(client, details, reach.apply(details.endpoints()), plan, made);
        try {
            box.start();
        } catch (RuntimeException e) {
            client.removeSandbox(box.id());
            throw e;
        }
        return box;
    }

    static Sandbox open(Client client, UnaryOperator<Types.Endpoints> reach, String id) {
        Types.Sandbox details = client.sandbox(id);
        return new Sandbox(client, details, reach.apply(details.endpoints()), new SandboxOptions(), null);
    }

    /** Names the sandbox on the control plane. */
    public String id() { return details.id(); }

    /** Repeats the sandbox's chance; a number without a sign. */
    public long seed() { return details.seed(); }

    /** All credentials. */
    public Types.Credentials credentials() { return details.credentials(); }

    /** The first credential of the gateway acs; without members where there is none. */
    public Types.ACSCredential acs() {
        List<Types.ACSCredential> all = credentials().acs();
        return all.isEmpty() ? new Types.ACSCredential(null, null, null, null, null) : all.get(0);
    }

    /** The first credential of the gateway top; without members where there is none. */
    public Types.App top() { return first(credentials().top()); }

    /** The first credential of the gateway fabric; without members where there is none. */
    public Types.App fabric() { return first(credentials().fabric()); }

    private static Types.App first(List<Types.App> all) { return all.isEmpty() ? new Types.App(null, null) : all.get(0); }

    /** Addresses that this process can reach. */
    public Types.Endpoints endpoints() { return endpoints; }

    /** What MQTT clients are configured with. */
    public MQTT mqtt() {
        return new MQTT(endpoints.mqtt(), endpoints.mqttWs(), endpoints.mqtts(), acs().accessKeyId(), acs().accessKeySecret());
    }

    /** What the vendors' clients for Java are made with. */
    public Settings settings() {
        return new Settings(
            given("accessKeyId", acs().accessKeyId(), "accessKeySecret", acs().accessKeySecret(),
                "securityToken", acs().securityToken(), "endpoint", endpoints.acs(), "protocol", "http"),
            given("url", endpoints.top(), "appKey", top().appKey(), "appSecret", top().appSecret()),
            given("baseUrl", endpoints.fabric(), "appKey", fabric().appKey(), "appSecret", fabric().appSecret()));
    }

    private static Map<String, String> given(String... namesAndValues) {
        Map<String, String> all = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i + 1] != null) all.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return all;
    }

    /** The time on the sandbox's clock. */
    public Instant now() { return during("read the clock", () -> client.clock(id())).now(); }

    /** Moves the clock on and returns the new time. */
    public Instant advance(Duration step) { return change("advance", step.toNanos() + "ns"); }

    /** Puts the clock to a time. */
    public Instant set(Instant now) { return change("now", now); }

    /** Puts the clock back to real time. */
    public Instant setReal() { return change("real", true); }

    /** Makes the clock stand still, and returns the time at which it does. */
    public Instant freeze() { return change("frozen", true); }

    /** Lets the clock run on. */
    public Instant unfreeze() { return change("frozen", false); }

    /** Plays a known scenario; it wins over what plays already. */
    public void play(String name) { during("play " + name, () -> client.play(id(), name)); }

    /** Plays a scenario that is written in YAML, under that name. */
    public void script(String name, String yaml) { during("play " + name, () -> client.play(id(), name, yaml)); }

    /** Ends a scenario. */
    public void stop(String name) { during("stop " + name, () -> client.stop(id(), name)); }

    /** What plays, and where its rules stand. */
    public List<Types.Playing> playing() { return during("list what plays", () -> client.playing(id())); }

    /** The tokens that the sandbox issued, the newest first. */
    public List<Types.Token> tokens() { return during("list the tokens", () -> client.tokens(id())); }

    /** Ends the token of that id as if its time were over. */
    public Types.Token expire(String token) { return end(token, "expire"); }

    /** Ends the token of that id as if its owner had revoked it. */
    public Types.Token revoke(String token) { return end(token, "revoke"); }

    /** Uses up the token of that id, which can be used once. */
    public Types.Token redeem(String token) { return end(token, "redeem"); }

    private Types.Token end(String token, String change) {
        return during(change + " token " + token, () -> client.changeToken(id(), token, change));
    }

    /** The MQTT clients that are connected. */
    public List<Types.MQTTClient> clients() { return during("list the MQTT clients", () -> client.clients(id())); }

    /** Cuts the MQTT client with that id of {@link #clients}. */
    public void cut(String mqttClient) { during("cut the MQTT client " + mqttClient, () -> client.cutClient(id(), mqttClient)); }

    /** All calls in the journal, the oldest first. */
    public List<Types.Entry> requests() { return requests(Map.of()); }

    /** All calls in the journal that the filter selects (api, operation, outcome), the oldest first. */
    public List<Types.Entry> requests(Map<String, String> filter) {
        return during("read the journal", () -> client.requests(id(), filter));
    }

    /** Empties the journal, so that what is expected later is about later calls only. */
    public void clear() { during("clear the journal", () -> client.clearRequests(id())); }

    /** Puts state, clock and journal back to the start, and plays again what the sandbox was made with. */
    public void reset() {
        during("reset the sandbox", () -> client.reset(id()));
        start();
    }

    /** Begins a claim about the calls of an operation, such as onsmqtt.ApplyToken or onsmqtt.*. */
    public Expectation expect(String operation) { return expectation(operation, false); }

    /** Is {@link #expect} for a test that goes on when the claim does not hold; what did not is told at its end. */
    public Expectation check(String operation) { return expectation(operation, true); }

    private Expectation expectation(String operation, boolean goesOn) {
        Map<String, Object> claim = new LinkedHashMap<>();
        claim.put("operation", operation);
        claim.put("since", made);
        return new Expectation(client, id(), claims, claim, List.of(), Duration.ZERO, goesOn);
    }

    /** Ends the sandbox of a test that did not fail. */
    @Override
    public void close() { end(false); }

    /**
     * Ends the sandbox with its test: removes it, and throws what {@link #check} found and claims that nothing ended. Of a
     * test that failed it tells the seed, writes the sandbox into the folder of TOKENSTAGE_KEEP, and leaves it where it is
     * if the sandbox was made so.
     */
    public void end(boolean failed) { end(failed, System.getenv(KEEP_VARIABLE)); }

    void end(boolean testFailed, String folder) {
        List<String> reports = claims.reports(testFailed);
        boolean failed = testFailed || !reports.isEmpty();
        if (failed) {
            System.err.println(this);
            if (folder != null && !folder.isEmpty()) save(Path.of(folder));
        }
        if (failed && plan.keepsOnFailure) {
            System.err.println(whereToLook());
        } else {
            remove();
        }
        if (!reports.isEmpty()) throw new AssertionError(String.join("\n\n", reports));
    }

    private void remove() {
        try {
            client.removeSandbox(id());
        } catch (Problem problem) {
            if (problem.status() != 404) throw problem;
        }
    }

    private void save(Path folder) {
        Path file = folder.resolve(id() + ".json");
        try {
            Files.createDirectories(folder);
            Files.writeString(file, client.snapshot(id()));
            System.err.println("sandbox " + id() + " was saved: tokenstage sandbox load " + file);
        } catch (IOException | RuntimeException e) {
            System.err.println("save the sandbox " + id() + ": " + e.getMessage());
        }
    }

    private String whereToLook() {
        return "sandbox " + id() + " is kept: look at " + client.url() + "/console/calls?sandbox=" + id() + ", or with\n"
            + "  tokenstage requests --control " + client.url() + " --sandbox " + id() + "\nand remove it with\n"
            + "  tokenstage sandbox rm --control " + client.url() + " " + id();
    }

    private void start() {
        for (SandboxOptions.Play play : plan.plays) {
            if (play.yaml() == null) play(play.name());
            else script(play.name(), play.yaml());
        }
    }

    private Instant change(String member, Object value) {
        Types.Clock clock = during("change the clock", () -> client.changeClock(id(), member, value));
        if (clock.warning() != null) System.err.println("the clock of " + id() + ": " + clock.warning());
        return clock.now();
    }

    private void during(String what, Runnable call) {
        during(what, () -> {
            call.run();
            return null;
        });
    }

    /** Names the sandbox in the error of a call that was refused. */
    private <T> T during(String what, Supplier<T> call) {
        try {
            return call.get();
        } catch (Problem problem) {
            throw problem.during(what + " (" + this + ")");
        }
    }

    /** Names the sandbox and its seed. */
    @Override
    public String toString() { return "sandbox " + id() + ", seed " + Long.toUnsignedString(seed()); }
}

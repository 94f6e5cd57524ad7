package io.github.tokenstage.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a sandbox is made from. What is left out is filled in. */
public final class SandboxOptions {
    /** How long a sandbox may be idle before the server removes it, should the run break off. */
    private static final Duration IDLE_LIMIT = Duration.ofHours(1);

    /** A scenario to play: a known one, or one that brings its document. */
    record Play(String name, String yaml) {}

    final Map<String, Object> definition = new LinkedHashMap<>();
    final List<Play> plays = new ArrayList<>();
    boolean keepsOnFailure;

    /** Returns options that leave everything out. */
    public SandboxOptions() { ttl(IDLE_LIMIT); }

    /** Names the sandbox. */
    public SandboxOptions id(String id) { return with("id", id); }

    /** Fixes all chance in the sandbox, to repeat a run whose seed a report showed. */
    public SandboxOptions seed(long seed) { return with("seed", new java.math.BigInteger(Long.toUnsignedString(seed))); }

    /** Starts the clock at that time. */
    public SandboxOptions now(Instant now) { return with("now", now); }

    /** Starts the sandbox with its clock standing still. */
    public SandboxOptions frozen() { return with("frozen", true); }

    /** Chooses by which time signatures are judged. */
    public SandboxOptions signatureTime(Types.SignatureTime rule) { return with("signatureTime", rule); }

    /** Uses this credential of a gateway (acs, top or fabric), and further ones, instead of a generated one. */
    @SuppressWarnings("unchecked")
    public SandboxOptions credential(String gateway, Map<String, ?> credential) {
        Map<String, List<Object>> all =
            (Map<String, List<Object>>) definition.computeIfAbsent("credentials", none -> new LinkedHashMap<>());
        all.computeIfAbsent(gateway, none -> new ArrayList<>()).add(credential);
        return this;
    }

    /** Limits what exists: instances, channels, users or warrants, as control.yaml has them. */
    public SandboxOptions fixtures(Map<String, ?> fixtures) { return with("fixtures", fixtures); }

    /** Changes the documented rate limit of an operation: off, or 5/s. */
    @SuppressWarnings("unchecked")
    public SandboxOptions quota(String operation, String rate) {
        ((Map<String, String>) definition.computeIfAbsent("quotas", none -> new LinkedHashMap<>())).put(operation, rate);
        return this;
    }

    /** Plays known scenarios. Of all that play, the last one wins. */
    public SandboxOptions play(String... names) {
        for (String name : names) plays.add(new Play(name, null));
        return this;
    }

    /** Plays a scenario that is written in YAML, under that name. */
    public SandboxOptions script(String name, String yaml) {
        plays.add(new Play(name, yaml));
        return this;
    }

    /** Has the server remove the sandbox when nothing used it for so long: an hour unless another time is given. */
    public SandboxOptions ttl(Duration idle) { return with("ttl", idle.toSeconds() + "s"); }

    /** Leaves the sandbox of a failed test where it is, on a server that stays. */
    public SandboxOptions keepOnFailure() {
        keepsOnFailure = true;
        return this;
    }

    private SandboxOptions with(String member, Object value) {
        definition.put(member, value);
        return this;
    }
}

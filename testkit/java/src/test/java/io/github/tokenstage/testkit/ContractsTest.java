package io.github.tokenstage.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.tokenstage.testkit.junit.TokenstageExtension;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** What every testkit does: testkit/contracts says what the words of its files mean. */
@ExtendWith(TokenstageExtension.class)
@SuppressWarnings("unchecked")
class ContractsTest {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    @TestFactory
    List<DynamicTest> contracts(Tokenstage shared) throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("../contracts"), "*.json")) {
            for (Path file : files) {
                for (Object one : (List<Object>) object(Json.read(Files.readString(file))).get("contracts")) {
                    Map<String, Object> contract = object(one);
                    tests.add(DynamicTest.dynamicTest((String) contract.get("name"), () -> run(contract, shared)));
                }
            }
        }
        assertTrue(tests.size() > 10, () -> tests.size() + " contracts");
        return tests;
    }

    private static void run(Map<String, Object> contract, Tokenstage shared) throws Exception {
        if (contract.get("alone") == Boolean.TRUE) {
            try (Tokenstage own = Tokenstage.start()) {
                steps(contract, own);
            }
        } else {
            steps(contract, shared);
        }
    }

    private static void steps(Map<String, Object> contract, Tokenstage emulator) throws Exception {
        try (Sandbox box = emulator.sandbox(options(object(contract.getOrDefault("sandbox", Map.of()))))) {
            int number = 0;
            for (Object step : (List<Object>) contract.get("steps")) {
                new Step("step " + ++number, expand(step, box, emulator), box, emulator).take();
            }
        }
    }

    private static SandboxOptions options(Map<String, Object> given) {
        SandboxOptions options = new SandboxOptions();
        Map<String, Object> rest = new HashMap<>(given);
        for (Object name : (List<Object>) rest.getOrDefault("play", List.of())) options.play((String) name);
        for (Object one : (List<Object>) rest.getOrDefault("scripts", List.of())) {
            Map<String, Object> script = object(one);
            options.script((String) script.get("name"), (String) script.get("source"));
        }
        rest.keySet().removeAll(List.of("play", "scripts"));
        options.definition.putAll(rest);
        return options;
    }

    /** Fills in the values of the sandbox. */
    private static Map<String, Object> expand(Object step, Sandbox box, Tokenstage emulator) {
        Map<String, Object> values = new HashMap<>(Map.of("id", box.id(), "seed", Long.toUnsignedString(box.seed()),
            "address", emulator.address(), "acs.accessKeyId", box.acs().accessKeyId(),
            "acs.accessKeySecret", box.acs().accessKeySecret(), "top.appKey", box.top().appKey(),
            "fabric.appKey", box.fabric().appKey()));
        values.put("acs.securityToken", box.acs().securityToken());
        Types.Endpoints at = box.endpoints();
        values.putAll(Map.of("endpoints.data", at.data(), "endpoints.acs", at.acs(), "endpoints.top", at.top(),
            "endpoints.fabric", at.fabric(), "endpoints.mqtt", at.mqtt()));
        Matcher places = Pattern.compile("\\$\\{([\\w.]+)}").matcher(Json.write(step));
        return object(Json.read(places.replaceAll(found ->
            Matcher.quoteReplacement(values.get(found.group(1)).toString()))));
    }

    static Map<String, Object> object(Object value) { return (Map<String, Object>) value; }

    private interface Verb {
        void take() throws Exception;
    }

    private record Step(String name, Map<String, Object> step, Sandbox box, Tokenstage emulator) {
        /** Goes the step, and holds it to what it must fail with. */
        void take() throws Exception {
            Map<String, Verb> verbs = verbs();
            String verb = step.keySet().stream().filter(verbs::containsKey).findFirst().orElse(null);
            assertNotNull(verb, () -> name + " has no verb that is known: " + step);
            if (!step.containsKey("fails")) {
                verbs.get(verb).take();
                return;
            }
            Throwable failed = assertThrows(Throwable.class, () -> verbs.get(verb).take(), () -> name + ", " + verb);
            assertTrue(failed.getMessage().contains((String) step.get("fails")), () -> name + ", " + verb + ": " + failed);
        }

        private Map<String, Verb> verbs() {
            Map<String, Verb> all = new HashMap<>();
            all.put("authorize", this::authorize);
            all.put("value", () -> assertEquals(step.get("is"), step.get("value")));
            all.put("now", () -> assertEquals(Instant.parse(text("now")), box.now()));
            all.put("set", () -> box.set(Instant.parse(text("set"))));
            all.put("setReal", box::setReal);
            all.put("freeze", box::freeze);
            all.put("unfreeze", box::unfreeze);
            all.put("advance", () -> box.advance(seconds(step.get("advance"))));
            all.put("play", () -> box.play(text("play")));
            all.put("script", () -> box.script((String) object(step.get("script")).get("name"),
                (String) object(step.get("script")).get("source")));
            all.put("stop", () -> box.stop(text("stop")));
            all.put("playing", () -> assertEquals(step.get("playing"),
                box.playing().stream().filter(one -> !one.default_()).map(Types.Playing::name).toList()));
            all.put("tokens", () -> assertEquals(step.get("tokens"),
                box.tokens().stream().map(token -> token.operation() + " " + token.state()).toList()));
            all.put("expire", () -> changesToken("expire", box::expire));
            all.put("revoke", () -> changesToken("revoke", box::revoke));
            all.put("redeem", () -> changesToken("redeem", box::redeem));
            all.put("requests", () -> {
                int came = box.requests(filter()).size();
                assertEquals(number("count"), came);
            });
            all.put("clear", box::clear);
            all.put("reset", box::reset);
            all.put("claim", this::claim);
            all.put("mqtt", () -> assertEquals(step.get("is"), mqtt()));
            return all;
        }

        private String text(String member) { return (String) step.get(member); }

        private int number(String member) { return ((BigDecimal) step.get(member)).intValue(); }

        private Map<String, String> filter() {
            Map<String, String> filter = new HashMap<>();
            object(step.get("requests")).forEach((name, value) -> filter.put(name, (String) value));
            return filter;
        }

        private void changesToken(String verb, Function<String, Types.Token> change) {
            Types.Token token = change.apply(box.tokens().get(number(verb)).id());
            assertEquals(step.get("state"), token.state().toString());
        }

        private void authorize() throws Exception {
            Map<String, Object> call = object(step.get("authorize"));
            String body = Json.write(Map.of("app_key", call.getOrDefault("key", box.fabric().appKey()),
                "app_secret", call.getOrDefault("secret", box.fabric().appSecret())));
            HttpRequest request = HttpRequest.newBuilder(
                URI.create(emulator.url() + "/apigovernance/api/oauth/tokenByAkSk" + call.getOrDefault("query", "")))
                .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body)).build();
            HTTP.send(request, HttpResponse.BodyHandlers.discarding());
        }

        private String mqtt() {
            String[] given = ((List<String>) step.get("arguments")).toArray(new String[0]);
            return switch (text("mqtt")) {
                case "url" -> box.mqtt().url();
                case "signatureUser" -> box.mqtt().signatureUser(given[0]);
                case "signaturePassword" -> box.mqtt().signaturePassword(given[0]);
                case "tokenUser" -> box.mqtt().tokenUser(given[0]);
                case "tokenPassword" -> box.mqtt().tokenPassword(given);
                case "uploadTopic" -> box.mqtt().uploadTopic();
                case "upload" -> box.mqtt().upload(given[0], given[1]);
                default -> "no such function";
            };
        }

        /** Makes a claim, and holds what the test reads to what is written. */
        private void claim() {
            Map<String, Object> claimed = object(step.get("claim"));
            Expectation expectation = box.expect((String) claimed.get("operation"));
            for (Object one : (List<Object>) claimed.getOrDefault("where", List.of())) {
                expectation = narrowed(expectation, object(one));
            }
            if (claimed.containsKey("within")) expectation = expectation.within(seconds(claimed.get("within")));
            Expectation narrowed = expectation;
            if (!step.containsKey("report") && !step.containsKey("says")) {
                List<Types.Entry> found = ended(narrowed, claimed);
                if (step.containsKey("count")) assertEquals(number("count"), found.size());
                return;
            }
            String report = assertThrows(Throwable.class, () -> ended(narrowed, claimed), name).getMessage();
            if (step.containsKey("report")) {
                Types.Finding finding = box.requests(Map.of("outcome", "403")).get(0).findings().get(0);
                String reason = finding.check() + ": " + finding.message();
                assertEquals(((List<String>) step.get("report")).stream().map(line -> line.replace("REASON", reason)).toList(),
                    report.lines().toList());
            }
            for (String text : (List<String>) step.getOrDefault("says", List.of())) {
                assertTrue(report.contains(text), () -> "does not say " + text + ": " + report);
            }
        }

        private static Expectation narrowed(Expectation expectation, Map<String, Object> where) {
            String name = (String) where.get("name");
            String value = (String) where.get("value");
            return switch ((String) where.get("of")) {
                case "parameter" -> expectation.param(name, value);
                case "header" -> expectation.header(name, value);
                case "topic" -> expectation.topic(value);
                case "outcome" -> expectation.outcome(value);
                case "credential" -> expectation.credential(value);
                default -> expectation.delivery(value);
            };
        }

        private static List<Types.Entry> ended(Expectation expectation, Map<String, Object> claimed) {
            int calls = ((BigDecimal) claimed.getOrDefault("calls", BigDecimal.ZERO)).intValue();
            switch ((String) claimed.get("want")) {
                case "once": return List.of(expectation.once());
                case "times": return expectation.times(calls);
                case "atLeast": return expectation.atLeast(calls);
                case "outcomes":
                    return expectation.outcomes(((List<String>) claimed.get("outcomes")).toArray(new String[0]));
                default:
                    expectation.never();
                    return List.of();
            }
        }

        private static Duration seconds(Object number) {
            return Duration.ofNanos(((BigDecimal) number).movePointRight(9).longValueExact());
        }
    }
}

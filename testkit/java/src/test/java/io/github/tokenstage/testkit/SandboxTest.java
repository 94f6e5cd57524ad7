package io.github.tokenstage.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.tokenstage.testkit.junit.Sandboxed;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What this testkit does in the way of its language. */
@Sandboxed(seed = "1", play = "mqtt-throttled-then-fine")
class SandboxTest {
    private static void assertGone(Tokenstage emulator, String id) {
        assertEquals(404, assertThrows(Problem.class, () -> emulator.open(id)).status());
    }

    @Test
    void ofTheClass(Sandbox box) {
        assertEquals(1, box.seed());
        assertTrue(box.playing().stream().anyMatch(one -> one.name().equals("mqtt-throttled-then-fine")));
    }

    @Test
    @Sandboxed(seed = "18446744073709551615", now = "2030-01-01T00:00:00Z", frozen = true)
    void ofTheMethod(Sandbox box, Tokenstage emulator) {
        assertEquals("sandbox " + box.id() + ", seed 18446744073709551615", box.toString());
        assertEquals(Instant.parse("2030-01-01T00:00:00Z"), box.now());
        assertEquals(emulator.address(), box.endpoints().acs());
    }

    @Test
    void endsWithItsBlock(Tokenstage emulator) {
        String id;
        try (Sandbox box = emulator.sandbox()) {
            id = box.id();
            assertEquals("3600s", emulator.control().sandbox(id).ttl());
        }
        assertGone(emulator, id);
    }

    @Test
    void claimThatNothingEnded(Tokenstage emulator) {
        Sandbox box = emulator.sandbox();
        box.expect("onsmqtt.ApplyToken").outcome("ok");
        AssertionError failed = assertThrows(AssertionError.class, box::close);
        assertTrue(failed.getMessage().startsWith("onsmqtt.ApplyToken with outcome \"ok\": the claim was not ended"),
            failed::getMessage);
    }

    @Test
    void claimNarrowedDownInTwoWays(Sandbox box) {
        Expectation all = box.expect("onsmqtt.*");
        all.outcome("ok").never();
        all.param("InstanceId", "a").never();
    }

    @Test
    void checksAreReportedTogether(Tokenstage emulator) {
        Sandbox box = emulator.sandbox();
        assertEquals(List.of(), box.check("onsmqtt.ApplyToken").times(2));
        assertNull(box.check("onsmqtt.ApplyToken").once());
        box.check("onsmqtt.ApplyToken").never();
        String said = assertThrows(AssertionError.class, box::close).getMessage();
        assertTrue(said.contains("want 2 calls, got 0 calls") && said.contains("want 1 call, got 0 calls"), said);
    }

    @Test
    void failedTestIsWrittenDownAndKept(Tokenstage emulator, @TempDir Path folder) throws Exception {
        Sandbox box = emulator.sandbox(new SandboxOptions().keepOnFailure());
        box.end(true, folder.resolve("kept").toString());
        Path file = folder.resolve("kept").resolve(box.id() + ".json");
        assertEquals(false, ContractsTest.object(Json.read(Files.readString(file))).get("secrets"));
        emulator.open(box.id()).close();
        assertGone(emulator, box.id());
    }

    @Test
    void unknownScenarioLeavesNothingBehind(Tokenstage emulator) {
        SandboxOptions options = new SandboxOptions().id("never-made").play("no/such");
        String said = assertThrows(Problem.class, () -> emulator.sandbox(options)).getMessage();
        assertTrue(said.matches("play no/such \\(sandbox never-made, seed \\d+\\): .*"), said);
        assertGone(emulator, "never-made");
    }

    @Test
    void settingsForTheSdks(Tokenstage emulator) {
        Map<String, String> key =
            Map.of("accessKeyId", "LTAIfakeJava", "accessKeySecret", "fake-secret", "securityToken", "fake-sts");
        try (Sandbox box = emulator.sandbox(new SandboxOptions().credential("acs", key).quota("onsmqtt.ApplyToken", "off")
            .fixtures(Map.of("channels", List.of("one"))).ttl(Duration.ofMinutes(2)))) {
            assertEquals(Map.of("accessKeyId", "LTAIfakeJava", "accessKeySecret", "fake-secret", "securityToken", "fake-sts",
                "endpoint", emulator.address(), "protocol", "http"), box.settings().acs());
            assertEquals(emulator.url() + "/router/rest", box.settings().top().get("url"));
            assertEquals(box.fabric().appKey(), box.settings().fabric().get("appKey"));
            assertEquals(List.of("one"), emulator.control().sandbox(box.id()).fixtures().channels());
        }
    }

    @Test
    void jsonOfAllKinds() {
        String text = "{\"a\":[1,-2.5e3,true,false,null,\"\\\"\\\\\\u00e9\\n\"],\"b\":{}}";
        Map<String, Object> read = ContractsTest.object(Json.read(" " + text + "\n"));
        assertEquals("\"\\é\n", ((List<?>) read.get("a")).get(5));
        assertEquals(read, Json.read(Json.write(read)));
        for (String bad : List.of("", "{", "[1,]", "{\"a\"}", "tru", "1 2", "\"\\x\"", "\"\\u00", "[".repeat(300), "--")) {
            assertThrows(IllegalArgumentException.class, () -> Json.read(bad), bad);
        }
    }
}

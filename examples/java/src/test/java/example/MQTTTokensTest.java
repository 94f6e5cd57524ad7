package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.tokenstage.testkit.Sandbox;
import io.github.tokenstage.testkit.SandboxOptions;
import io.github.tokenstage.testkit.Tokenstage;
import io.github.tokenstage.testkit.Types;
import io.github.tokenstage.testkit.junit.Sandboxed;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The contract tests of MQTTTokens. The clock of every sandbox is the app's own: waiting is moving that clock on. */
@Sandboxed(now = "2030-01-01T00:00:00Z", frozen = true)
class MQTTTokensTest {
    private static final String APPLY_TOKEN = "onsmqtt.ApplyToken";
    private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

    /** A scenario of the test's own; many ship with Tokenstage. */
    private static final String BUSY = """
        name: busy
        summary: ApplyToken is throttled twice, then answers normally.
        rules:
          - on: onsmqtt.ApplyToken
            script:
              - fail: ApplyTokenOverFlow
                times: 2
              - pass
        """;

    private static MQTTTokens app(Sandbox box) { return app(box, box.settings().acs()); }

    private static MQTTTokens app(Sandbox box, Map<String, String> config) {
        return new MQTTTokens(config, "post-cn-example", "orders/#", box::now, box::advance);
    }

    @Test
    void tokenIsKeptUntilItIsAboutToEnd(Sandbox box) throws Exception {
        MQTTTokens app = app(box);
        String first = app.token();
        box.advance(Duration.ofMinutes(54));
        assertEquals(first, app.token());
        box.advance(Duration.ofMinutes(2));
        assertNotEquals(first, app.token());
        box.expect(APPLY_TOKEN).param("InstanceId", "post-cn-example").param("Resources", "orders/#").outcomes("ok", "ok");
    }

    @Test
    void overflowIsWaitedOut(Sandbox box) throws Exception {
        box.script("busy", BUSY);
        app(box).token();
        box.expect(APPLY_TOKEN).outcomes("ApplyTokenOverFlow", "ApplyTokenOverFlow", "ok");
        assertEquals(START.plusMillis(1500), box.now());
    }

    @Test
    @Sandboxed(play = "error/onsmqtt.ApplyToken/ApplyTokenOverFlow")
    void overflowThatDoesNotEndIsReported(Sandbox box) {
        assertEquals("ApplyTokenOverFlow", assertThrows(MQTTTokens.APIException.class, app(box)::token).code);
        box.expect(APPLY_TOKEN).outcome("ApplyTokenOverFlow").times(4);
    }

    @Test
    void anyOtherRefusalIsReportedAtOnce(Sandbox box) {
        Map<String, String> wrong = new HashMap<>(box.settings().acs());
        wrong.put("accessKeySecret", "fake-wrong-secret");
        assertThrows(MQTTTokens.APIException.class, app(box, wrong)::token);
        box.expect(APPLY_TOKEN).outcomes("SignatureDoesNotMatch");
    }

    /** Requests that the vendor's SDK for Java put on the wire, byte for byte, with the key that they were signed with. */
    @Test
    void whatTheSdkSendsIsSignedWell(Tokenstage tokenstage) throws Exception {
        Path captured = Path.of("../../emulator/testdata/vectors/acs");
        List<String> names = List.of("java-core-4.7.10-apply-query", "java-core-4.7.10-v3-apply-form");
        SandboxOptions options = new SandboxOptions().signatureTime(Types.SignatureTime.OFF)
            .credential("acs", Map.of("accessKeyId", "testak", "accessKeySecret", "testsecret"));
        try (Sandbox box = tokenstage.sandbox(options)) {
            String[] address = tokenstage.address().split(":");
            for (String name : names) {
                try (Socket socket = new Socket(address[0], Integer.parseInt(address[1]))) {
                    socket.getOutputStream().write(Files.readAllBytes(captured.resolve(name + ".http")));
                    assertTrue(new String(socket.getInputStream().readNBytes(9)).startsWith("HTTP/1.1 "));
                }
            }
            // The topics of the captures are none that the product takes, which it finds after the signature was found good.
            box.expect(APPLY_TOKEN).credential("testak").outcomes("ParameterCheckFailed", "ParameterCheckFailed");
        }
    }
}

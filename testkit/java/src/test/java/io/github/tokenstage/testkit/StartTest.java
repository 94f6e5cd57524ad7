package io.github.tokenstage.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.tokenstage.testkit.junit.TokenstageExtension;
import java.io.BufferedReader;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How servers are started, found and ended. */
class StartTest {
    @RegisterExtension
    static final TokenstageExtension tokenstage = new TokenstageExtension(() -> Tokenstage.start("--seed", "99"))
        .sandboxes(() -> new SandboxOptions().seed(7));

    @Test
    void extensionWithAServerOfItsOwn(Tokenstage emulator, Sandbox box) {
        assertEquals(99, emulator.open("default").seed());
        assertEquals(7, box.seed());
    }

    @Test
    void stoppedServerDoesNotAnswer() {
        Tokenstage emulator = Tokenstage.start();
        emulator.control().health();
        emulator.close();
        emulator.close();
        String said = assertThrows(UncheckedIOException.class, emulator.control()::health).getMessage();
        assertTrue(said.contains("does not answer"), said);
    }

    @Test
    void whatCannotBeStartedSaysWhy() {
        String none = assertThrows(UncheckedIOException.class, () -> Tokenstage.startBinary("no-such-tokenstage")).getMessage();
        assertTrue(none.contains("name its binary in TOKENSTAGE_BIN"), none);
        String flag = assertThrows(IllegalStateException.class, () -> Tokenstage.start("--sed", "1")).getMessage();
        assertTrue(flag.contains("it ended with 2\n") && flag.contains("--sed"), flag);
    }

    @Test
    void connectUsesAServerThatRuns(Tokenstage emulator) {
        String untold = assertThrows(Problem.class, () -> Tokenstage.start("--control-token", "fake-control-token")).getMessage();
        assertTrue(untold.contains("needs its token"), untold);
        Tokenstage shared = Tokenstage.connect(emulator.control().url());
        assertEquals(emulator.address(), shared.address());
        try (Sandbox box = shared.sandbox()) {
            assertEquals(box.mqtt().url(), box.endpoints().mqtt());
        }
        shared.close();
        emulator.control().health();
    }

    /** A run that starts a server and does not end it: the argument says whether it waits to be killed. */
    static final class Run {
        public static void main(String[] arguments) throws InterruptedException {
            System.out.println(Tokenstage.start().control().url());
            if (arguments.length > 0) Thread.currentThread().join();
        }
    }

    @Test
    void serverEndsWithTheProcessThatStartedIt() throws Exception {
        for (List<String> waits : List.of(List.of("waits"), List.<String>of())) {
            ProcessBuilder command = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
                System.getProperty("java.class.path"), Run.class.getName());
            command.command().addAll(waits);
            Process run = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
            try (BufferedReader said = run.inputReader()) {
                Client control = new Client(said.readLine(), null);
                if (!waits.isEmpty()) run.destroyForcibly();
                run.waitFor();
                assertThrows(UncheckedIOException.class, () -> {
                    while (true) control.health();
                });
            }
        }
    }

    @Test
    @EnabledIfEnvironmentVariable(named = "TOKENSTAGE_ENGINE", matches = "required",
        disabledReason = "needs a container engine and the image")
    void image() {
        try (Tokenstage emulator = Tokenstage.startImage(null); Sandbox box = emulator.sandbox()) {
            assertEquals(emulator.address(), box.endpoints().acs());
            assertTrue(box.mqtt().url().startsWith("mqtt://127.0.0.1:"), box.mqtt().url());
            box.expect("*").never();
        }
    }
}

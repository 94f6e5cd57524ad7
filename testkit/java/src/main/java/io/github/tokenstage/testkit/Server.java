package io.github.tokenstage.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server that this process started. Its standard input is a pipe of this process, with which it ends. */
final class Server {
    private static final int START_SECONDS = 60;
    private static final int STOP_SECONDS = 10;
    private static final List<String> SERVE = List.of("serve", "--end-with-stdin", "--log", "off");
    private static final List<String> FREE_PORTS =
        List.of("--addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--mqtt-addr", "127.0.0.1:0");
    private static final Pattern CONTROL_PLANE = Pattern.compile("control plane\\s+(http://\\S+)");
    private static final String TOKEN_VARIABLE = "TOKENSTAGE_CONTROL_TOKEN";
    /** What the image listens at, by the names of endpoints. */
    private static final Map<String, String> PORTS = Map.of("data", "4010/tcp", "control", "4011/tcp", "mqtt", "4012/tcp");

    private final Process process;
    private final Path errors;
    private final CompletableFuture<String> said = new CompletableFuture<>();

    /** How a server is reached: addresses are those of endpoints as this process reaches them; null where all are good. */
    record Reached(String control, String token, Map<String, String> addresses, Server server) {}

    /** Starts the binary on free ports. */
    static Reached binary(String binary, String... args) {
        String command = chosen(binary, "TOKENSTAGE_BIN");
        List<String> line = new ArrayList<>(List.of(command));
        line.addAll(SERVE);
        line.addAll(FREE_PORTS);
        line.addAll(List.of(args));
        Server server = new Server(line, null, ": install tokenstage, or name its binary in TOKENSTAGE_BIN");
        return new Reached(server.controlPlane(command), null, null, server);
    }

    /** Starts the image by the command docker, on free ports of the loopback address. */
    static Reached image(String image) {
        byte[] random = new byte[16];
        new SecureRandom().nextBytes(random);
        String token = HexFormat.of().formatHex(random);
        String name = "tokenstage-" + token.substring(0, 12);
        List<String> line = new ArrayList<>(List.of("docker", "run", "-i", "--rm", "--name", name, "-e", TOKEN_VARIABLE));
        PORTS.values().forEach(port -> line.addAll(List.of("-p", "127.0.0.1::" + port)));
        line.add(chosen(image, "TOKENSTAGE_IMAGE"));
        line.addAll(SERVE);
        Server server = new Server(line, token, "");
        server.controlPlane(String.join(" ", line.subList(0, 2)));
        Map<String, String> addresses = new LinkedHashMap<>();
        PORTS.forEach((endpoint, port) -> addresses.put(endpoint, published(name, port)));
        return new Reached("http://" + addresses.get("control"), token, addresses, server);
    }

    private static String chosen(String given, String variable) {
        if (given != null) return given;
        String named = System.getenv(variable);
        return named == null || named.isEmpty() ? "tokenstage" : named;
    }

    private static String published(String name, String port) {
        try {
            Process asked = new ProcessBuilder("docker", "port", name, port).start();
            return new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().findFirst().orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException("ask docker for the port " + port, e);
        }
    }

    private Server(List<String> command, String token, String hint) {
        try {
            errors = Files.createTempFile("tokenstage", ".log");
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
            // What is started is what the options say.
            builder.environment().keySet().removeIf(name -> name.startsWith("TOKENSTAGE_"));
            if (token != null) builder.environment().put(TOKEN_VARIABLE, token);
            process = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("start " + command.get(0) + hint, e);
        }
        Thread reader = new Thread(this::read, "tokenstage-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Reads what the server says to the end, so that it never waits for a reader. */
    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher found = CONTROL_PLANE.matcher(line);
                if (found.lookingAt()) said.complete(found.group(1));
            }
        } catch (IOException e) {
            // it has ended
        }
        said.complete("");
    }

    /** Waits until the server says where its control plane is. */
    private String controlPlane(String command) {
        String url = "";
        try {
            url = said.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            // it is told below
        }
        if (!url.isEmpty()) return url;
        String reason = stop();
        throw new IllegalStateException("start " + command + ": it ended with " + process.exitValue() + "\n" + reason);
    }

    /** Ends the server, waits until it has, and returns what it said on standard error. */
    String stop() {
        try {
            process.getOutputStream().close();
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) process.destroyForcibly().waitFor();
            String said = Files.exists(errors) ? Files.readString(errors).strip() : "";
            Files.deleteIfExists(errors);
            return said;
        } catch (IOException e) {
            throw new UncheckedIOException("stop tokenstage", e);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            return "";
        }
    }
}

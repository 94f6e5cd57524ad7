package io.github.tokenstage.testkit;

import java.net.URI;
import java.util.Map;

/** A running Tokenstage. Tests share one: each takes a sandbox of its own. */
public final class Tokenstage implements AutoCloseable {
    private final Server.Reached reached;
    private final Client control;
    private final String known;
    private final String address;

    private Tokenstage(Server.Reached reached) {
        this.reached = reached;
        control = new Client(reached.control(), reached.token());
        try {
            known = control.sandbox("default").endpoints().acs();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
        address = address("data", known);
    }

    /**
     * Starts the binary on free ports: the one that TOKENSTAGE_BIN names, or {@code tokenstage} on the PATH. The server ends
     * with {@link #close}, and with this process however that ends.
     * @param args further flags of {@code tokenstage serve}
     */
    public static Tokenstage start(String... args) { return new Tokenstage(Server.binary(null, args)); }

    /** Starts that binary, as {@link #start} does. */
    public static Tokenstage startBinary(String binary, String... args) { return new Tokenstage(Server.binary(binary, args)); }

    /**
     * Starts an image by the command docker. The container ends with {@link #close}, and with this process however that
     * ends.
     * @param image its name; null for the one that TOKENSTAGE_IMAGE names, or {@code tokenstage}
     */
    public static Tokenstage startImage(String image) { return new Tokenstage(Server.image(image)); }

    /** Uses a server that runs already, such as one that a team shares. */
    public static Tokenstage connect(String control) { return connect(control, null); }

    /** Uses a server that runs already, whose control plane asks for a token. */
    public static Tokenstage connect(String control, String token) {
        return new Tokenstage(new Server.Reached(control, token, null, null));
    }

    /** Speaks the control API. */
    public Client control() { return control; }

    /** The address of the data plane as host:port, which is how SDKs of gateway acs take their endpoint. */
    public String address() { return address; }

    /** The base URL of the data plane. */
    public String url() { return "http://" + address; }

    /** Makes a sandbox, which its test must end; the extension for JUnit does. */
    public Sandbox sandbox() { return sandbox(new SandboxOptions()); }

    /** Makes a sandbox from options. */
    public Sandbox sandbox(SandboxOptions options) { return Sandbox.create(control, this::reach, options); }

    /** Opens a sandbox that exists, such as default, which gets the calls whose credential nobody knows. */
    public Sandbox open(String id) { return Sandbox.open(control, this::reach, id); }

    /** Ends the server, if this process started it. */
    @Override
    public void close() {
        if (reached.server() != null) reached.server().stop();
    }

    /** The endpoints that the server says, with its addresses as this process reaches them. */
    private Types.Endpoints reach(Types.Endpoints said) {
        return new Types.Endpoints(url(), control.url(), here(said.acs()), here(said.top()), here(said.fabric()), here(said.oss()),
            at("tls", said.tls()), at("mqtt", said.mqtt()), at("mqttWs", said.mqttWs()), at("mqtts", said.mqtts()));
    }

    private String here(String endpoint) { return endpoint.replace(known, address); }

    private String at(String name, String endpoint) {
        if (endpoint == null) return null;
        String host = URI.create(endpoint).getAuthority();
        String there = address(name, host);
        return there == null ? null : endpoint.replace(host, there);
    }

    /** An address of the server as this process reaches it; null where it does not. */
    private String address(String name, String said) {
        Map<String, String> addresses = reached.addresses();
        if (addresses != null) return addresses.get(name);
        int colon = said.lastIndexOf(':');
        boolean loopback = said.matches("(127\\..*|\\[::1\\]|localhost):\\d+");
        return loopback ? URI.create(control.url()).getHost() + said.substring(colon) : said;
    }
}

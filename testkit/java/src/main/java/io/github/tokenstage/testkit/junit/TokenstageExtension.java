package io.github.tokenstage.testkit.junit;

import io.github.tokenstage.testkit.Sandbox;
import io.github.tokenstage.testkit.SandboxOptions;
import io.github.tokenstage.testkit.Tokenstage;
import java.lang.reflect.AnnotatedElement;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store.CloseableResource;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Gives tests parameters of the types {@link Sandbox}, which ends with its test, and {@link Tokenstage}, a server that
 * ends after all tests. {@link Sandboxed} brings it along. Registered by hand it takes another server, which then is
 * that of the class:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final TokenstageExtension tokenstage = new TokenstageExtension(() -> Tokenstage.startImage(null))
 *     .sandboxes(() -> new SandboxOptions().quota("onsmqtt.ApplyToken", "5/s"));
 * }</pre>
 */
public final class TokenstageExtension implements ParameterResolver, AfterEachCallback {
    private static final Namespace NAMESPACE = Namespace.create(TokenstageExtension.class);

    private final Supplier<Tokenstage> start;
    private Supplier<SandboxOptions> options = SandboxOptions::new;

    /** Returns an extension whose server is the binary, shared by all tests of the run. */
    public TokenstageExtension() { start = null; }

    /** Returns an extension with a server of its own, which ends after the tests of its class. */
    public TokenstageExtension(Supplier<Tokenstage> start) { this.start = start; }

    /** Makes sandboxes from these options, to which those of {@link Sandboxed} are added. */
    public TokenstageExtension sandboxes(Supplier<SandboxOptions> options) {
        this.options = options;
        return this;
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        Class<?> type = parameter.getParameter().getType();
        return type == Tokenstage.class || type == Sandbox.class && context.getTestMethod().isPresent();
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
        if (parameter.getParameter().getType() == Tokenstage.class) return emulator(context);
        return context.getStore(NAMESPACE).getOrComputeIfAbsent(Sandbox.class, none -> sandbox(context), Sandbox.class);
    }

    /** Ends the sandbox of the test, which fails of what its sandbox has to say. */
    @Override
    public void afterEach(ExtensionContext context) {
        Sandbox box = context.getStore(NAMESPACE).remove(Sandbox.class, Sandbox.class);
        if (box != null) box.end(context.getExecutionException().isPresent());
    }

    /** A server that JUnit closes with the store in which it lies. */
    private record Running(Tokenstage emulator) implements CloseableResource {
        @Override
        public void close() { emulator.close(); }
    }

    private Tokenstage emulator(ExtensionContext context) {
        if (start == null) {
            return context.getRoot().getStore(NAMESPACE)
                .getOrComputeIfAbsent(Running.class, none -> new Running(Tokenstage.start()), Running.class).emulator();
        }
        ExtensionContext ofClass = context;
        while (ofClass.getTestMethod().isPresent()) ofClass = ofClass.getParent().orElseThrow();
        return ofClass.getStore(NAMESPACE)
            .getOrComputeIfAbsent(this, none -> new Running(start.get()), Running.class).emulator();
    }

    private Sandbox sandbox(ExtensionContext context) {
        SandboxOptions made = options.get();
        apply(context.getTestClass(), made);
        apply(context.getTestMethod(), made);
        return emulator(context).sandbox(made);
    }

    private static void apply(Optional<? extends AnnotatedElement> element, SandboxOptions options) {
        Optional<Sandboxed> found = AnnotationSupport.findAnnotation(element, Sandboxed.class);
        if (found.isEmpty()) return;
        Sandboxed said = found.get();
        if (!said.seed().isEmpty()) options.seed(Long.parseUnsignedLong(said.seed()));
        if (!said.now().isEmpty()) options.now(Instant.parse(said.now()));
        if (said.frozen()) options.frozen();
        if (said.keepOnFailure()) options.keepOnFailure();
        options.play(said.play());
    }
}

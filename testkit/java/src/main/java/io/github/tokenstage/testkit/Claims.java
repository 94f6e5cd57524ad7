package io.github.tokenstage.testkit;

import java.util.ArrayList;
import java.util.List;

/** The claims of one sandbox: those that nothing ended yet, and those of check that did not hold. */
final class Claims {
    private final List<Expectation> open = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();

    synchronized void open(Expectation claim) { open.add(claim); }

    synchronized void close(Expectation claim) { open.remove(claim); }

    synchronized void fail(String report) { failed.add(report); }

    /** What the test must still hear of; claims that are open only where it did not fail already. */
    synchronized List<String> reports(boolean testFailed) {
        if (testFailed || !failed.isEmpty()) return List.copyOf(failed);
        return open.stream().map(claim -> claim + ": the claim was not ended and claims nothing; "
            + "end it with once, times, atLeast, never or outcomes").toList();
    }
}

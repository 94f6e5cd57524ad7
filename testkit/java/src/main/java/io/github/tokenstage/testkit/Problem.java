package io.github.tokenstage.testkit;

/** An error that the control plane answered with: problem details of RFC 9457. */
public final class Problem extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int status;
    private final transient Types.Problem details;

    Problem(String what, int status, Types.Problem details) { this(what, status, details, null); }

    private Problem(String what, int status, Types.Problem details, Throwable cause) {
        super(what, cause);
        this.status = status;
        this.details = details;
    }

    static Problem of(String call, int status, Types.Problem details) {
        String place = details.line() == null ? "" : " (line " + details.line() + ", column " + details.column() + ")";
        return new Problem(call + ": " + status + " " + details.title() + ": " + details.detail() + place, status, details);
    }

    /** The same with what was wanted in front. */
    Problem during(String what) { return new Problem(what + ": " + getMessage(), status, details, this); }

    /** The HTTP status of the answer. */
    public int status() { return status; }

    /** All that the server said. */
    public Types.Problem details() { return details; }
}

package io.github.tokenstage.testkit.junit;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives tests a sandbox of their own, as a parameter, and says what it is made from. What a method says goes before what
 * its class says.
 */
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(TokenstageExtension.class)
public @interface Sandboxed {
    /** Fixes all chance in the sandbox; a decimal number, drawn when it is left out. */
    String seed() default "";

    /** Where the clock starts, as in 2030-01-01T00:00:00Z; real time when it is left out. */
    String now() default "";

    /** Starts the sandbox with its clock standing still. */
    boolean frozen() default false;

    /** Known scenarios to play. Of all that play, the last one wins. */
    String[] play() default {};

    /** Leaves the sandbox of a failed test where it is, on a server that stays. */
    boolean keepOnFailure() default false;
}

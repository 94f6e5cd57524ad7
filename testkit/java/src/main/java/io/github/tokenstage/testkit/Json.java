package io.github.tokenstage.testkit;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as the control API has it: read into maps, lists, texts and numbers, and those into records. */
final class Json {
    /** How deep objects and lists may lie in each other. */
    private static final int MAX_DEPTH = 200;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) { this.text = text; }

    /** Reads a document: a Map, List, String, BigDecimal, Boolean or null. */
    static Object read(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.blanks();
        if (json.at < text.length()) throw json.wrong("the end");
        return value;
    }

    /** Reads a document into a type: a record of {@link Types}, for whose lists and maps absent means empty. */
    static <T> T read(String text, Class<T> type) { return type.cast(convert(read(text), type)); }

    /** Writes maps, lists, texts, numbers and whatever shows itself as a text; members that are null are left out. */
    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    private Object value() {
        blanks();
        if (at >= text.length()) throw wrong("a value");
        if (depth > MAX_DEPTH) throw wrong("fewer levels");
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> list();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> members = new LinkedHashMap<>();
        depth++;
        at++;
        if (!next('}')) {
            do {
                blanks();
                String name = string();
                if (!next(':')) throw wrong("a colon");
                members.put(name, value());
            } while (next(','));
            if (!next('}')) throw wrong("the end of the object");
        }
        depth--;
        return members;
    }

    private List<Object> list() {
        List<Object> elements = new ArrayList<>();
        depth++;
        at++;
        if (!next(']')) {
            do {
                elements.add(value());
            } while (next(','));
            if (!next(']')) throw wrong("the end of the list");
        }
        depth--;
        return elements;
    }

    private String string() {
        if (at >= text.length() || text.charAt(at) != '"') throw wrong("a text");
        StringBuilder out = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                return out.toString();
            }
            out.append(c == '\\' ? escaped() : c);
        }
        throw wrong("the end of the text");
    }

    private char escaped() {
        at++;
        if (at >= text.length()) throw wrong("an escape");
        char c = text.charAt(at);
        switch (c) {
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case '"', '\\', '/': return c;
            case 'u':
                if (at + 4 >= text.length()) throw wrong("four digits");
                char code = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16);
                at += 4;
                return code;
            default: throw wrong("an escape");
        }
    }

    private Object number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) at++;
        try {
            return new BigDecimal(text.substring(start, at));
        } catch (NumberFormatException e) {
            throw wrong("a value");
        }
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) throw wrong(word);
        at += word.length();
        return value;
    }

    private boolean next(char c) {
        blanks();
        if (at >= text.length() || text.charAt(at) != c) return false;
        at++;
        return true;
    }

    private void blanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) at++;
    }

    private IllegalArgumentException wrong(String expected) {
        return new IllegalArgumentException("no JSON at character " + (at + 1) + ": expected " + expected);
    }

    private static Object convert(Object value, Type type) {
        if (type instanceof ParameterizedType generic) return elements(value, generic);
        Class<?> to = (Class<?>) type;
        if (value == null || to == Object.class) return value;
        if (to.isRecord()) return record((Map<?, ?>) value, to);
        if (to.isEnum()) return constant(value, to);
        if (to == Instant.class) return OffsetDateTime.parse((String) value).toInstant();
        // A seed has 64 bits without a sign.
        if (to == long.class || to == Long.class) return ((BigDecimal) value).toBigInteger().longValue();
        return value;
    }

    private static Object elements(Object value, ParameterizedType type) {
        Type[] of = type.getActualTypeArguments();
        if (type.getRawType() == List.class) {
            List<?> list = value == null ? List.of() : (List<?>) value;
            return list.stream().map(element -> convert(element, of[0])).toList();
        }
        Map<String, Object> members = new LinkedHashMap<>();
        if (value != null) ((Map<?, ?>) value).forEach((name, member) -> members.put((String) name, convert(member, of[1])));
        return members;
    }

    private static Object constant(Object value, Class<?> type) {
        return Arrays.stream(type.getEnumConstants()).filter(one -> one.toString().equals(value)).findFirst()
            .orElseThrow(() -> new IllegalArgumentException(value + " is no " + type.getSimpleName()));
    }

    private static Object record(Map<?, ?> members, Class<?> type) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            String name = components[i].getName().replaceFirst("_$", ""); // default is a word of the language
            types[i] = components[i].getType();
            values[i] = convert(members.get(name), components[i].getGenericType());
        }
        try {
            Constructor<?> made = type.getDeclaredConstructor(types);
            return made.newInstance(values);
        } catch (NoSuchMethodException | InstantiationException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException("make a " + type.getSimpleName(), e);
        }
    }

    private static void write(Object value, StringBuilder out) {
        if (value instanceof Map<?, ?> members) {
            out.append('{');
            String comma = "";
            for (Map.Entry<?, ?> member : members.entrySet()) {
                if (member.getValue() == null) continue;
                out.append(comma);
                writeText(member.getKey().toString(), out);
                out.append(':');
                write(member.getValue(), out);
                comma = ",";
            }
            out.append('}');
        } else if (value instanceof Iterable<?> elements) {
            out.append('[');
            String comma = "";
            for (Object element : elements) {
                out.append(comma);
                write(element, out);
                comma = ",";
            }
            out.append(']');
        } else if (value == null || value instanceof Boolean || value instanceof Integer || value instanceof Long
            || value instanceof BigInteger || value instanceof BigDecimal) {
            out.append(value);
        } else {
            writeText(value.toString(), out);
        }
    }

    private static void writeText(String text, StringBuilder out) {
        out.append('"');
        for (char c : text.toCharArray()) {
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }
}

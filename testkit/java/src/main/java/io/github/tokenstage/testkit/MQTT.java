package io.github.tokenstage.testkit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What MQTT clients of a sandbox are configured with, by its first AccessKey.
 * @param url the broker as mqtt://host:port; null where it is off
 * @param webSocketUrl where it speaks MQTT over WebSocket; null where that is off
 * @param tlsUrl where it speaks MQTT over TLS; null where that is off
 * @param accessKeyId the AccessKey by which clients log in
 * @param accessKeySecret its secret
 */
public record MQTT(String url, String webSocketUrl, String tlsUrl, String accessKeyId, String accessKeySecret) {
    /** The user name of a client that logs in to an instance by a signature. */
    public String signatureUser(String instance) { return "Signature|" + accessKeyId + "|" + instance; }

    /** The password of such a client. */
    public String signaturePassword(String clientId) {
        try {
            Mac mac = Mac.getInstance("HmacSHA1");
            mac.init(new SecretKeySpec(accessKeySecret.getBytes(StandardCharsets.UTF_8), "HmacSHA1"));
            return Base64.getEncoder().encodeToString(mac.doFinal(clientId.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA1", e);
        }
    }

    /** The user name of a client that logs in by tokens of ApplyToken. */
    public String tokenUser(String instance) { return "Token|" + accessKeyId + "|" + instance; }

    /** The password of such a client: types (R, W or RW) and tokens by turns. */
    public String tokenPassword(String... typesAndTokens) { return String.join("|", typesAndTokens); }

    /** Where a client publishes {@link #upload} to replace its token of that type. */
    public String uploadTopic() { return "$SYS/uploadToken"; }

    /** The message with a new token. */
    public String upload(String type, String token) { return "{\"token\":\"" + token + "\",\"type\":\"" + type + "\"}"; }
}

package io.github.tokenstage.testkit;

import java.util.Map;

/**
 * What the vendors' clients for Java are made with.
 * @param acs for {@code Config.build} of com.aliyun:tea-openapi, and of the product artifacts over it
 * @param top url, appKey and appSecret, in the order in which {@code new DefaultTaobaoClient} takes them
 * @param fabric baseUrl, appKey and appSecret for any HTTP client
 */
public record Settings(Map<String, String> acs, Map<String, String> top, Map<String, String> fabric) {}

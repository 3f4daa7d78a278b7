package dev.skerry.server.http;

import java.util.List;

/**
 * What is answered at one method and path.
 *
 * @param template a path; a segment {@code {name}} stands for any one segment
 * @param summary one line, for the OpenAPI document
 */
public record Route(String method, String template, String summary, Handler handler) {
    public Route {
        if (!template.startsWith("/")) {
            throw new IllegalArgumentException("'" + template + "' is not a path");
        }
    }

    List<String> segments() {
        return Routes.split(template);
    }
}

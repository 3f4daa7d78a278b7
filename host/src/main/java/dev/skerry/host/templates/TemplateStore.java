package dev.skerry.host.templates;
import java.nio.file.Path;
import java.util.List;
public final class TemplateStore {
    public static TemplateStore open(Path data) { return new TemplateStore(); }
    public Template find(String name) { return new Template("x", List.of(Path.of("/"))); }
}

package dev.skerry.host.templates;
import java.nio.file.Path;
import java.util.List;
public record Template(String digest, List<Path> lowerLayers) {}

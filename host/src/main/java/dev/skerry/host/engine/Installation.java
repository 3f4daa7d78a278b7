package dev.skerry.host.engine;

import dev.skerry.host.cgroups.CgroupLayout;
import dev.skerry.host.cgroups.Cgroups;
import dev.skerry.host.templates.TemplateStore;
import dev.skerry.host.uids.UidRanges;
import dev.skerry.wire.ErrorCode;
import dev.skerry.wire.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;

/** What all sandboxes of one instance share on this host: its folders, cgroups, uid ranges, names and templates. */
record Installation(
        Instance instance,
        Path runFolder,
        Cgroups cgroups,
        UidRanges uids,
        SandboxNames names,
        TemplateStore templates) {

    static Installation open(EngineSettings settings) {
        Instance instance = Instance.open(settings.dataFolder(), new SecureRandom());
        Path runFolder = settings.runFolder().resolve(instance.id());
        makePassable(settings.runFolder(), runFolder, runFolder.resolve("stage"));
        return new Installation(
                instance,
                runFolder,
                Cgroups.open(CgroupLayout.detect(), instance.id()),
                UidRanges.open(UidRanges.DEFAULT_FOLDER),
                new SandboxNames(runFolder.resolve("names")),
                TemplateStore.open(settings.dataFolder()));
    }

    /** A sandbox's uids may walk through to the stage and see nothing on the way. */
    private static void makePassable(Path... folders) {
        try {
            for (Path folder : folders) {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectories(folder);
                    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
                }
            }
        } catch (IOException e) {
            throw new Failure(
                    ErrorCode.UNSUPPORTED,
                    "the run folder cannot be made: " + e,
                    "run as root, or name another data folder",
                    e);
        }
    }

    RunFolder folder(String name) {
        return new RunFolder(runFolder.resolve(name));
    }

    /** Who owns a uid range, machine-wide. */
    String claim(String folder) {
        return instance.id() + "/" + folder;
    }

    /** The folder of a sandbox by its name or id. */
    RunFolder find(String nameOrId) {
        return names.find(nameOrId)
                .map(this::folder)
                .filter(folder -> Files.exists(folder.path()))
                .or(() -> RunFolder.list(runFolder).stream()
                        .filter(folder -> folder.name().startsWith(nameOrId + "."))
                        .findFirst())
                .orElseThrow(() -> new Failure(
                        ErrorCode.NOT_FOUND, "no sandbox '" + nameOrId + "' on this host", "'skerry ps' lists them"));
    }
}

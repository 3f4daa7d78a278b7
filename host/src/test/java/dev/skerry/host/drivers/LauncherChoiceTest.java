package dev.skerry.host.drivers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.host.drivers.Driver.Finding;
import dev.skerry.wire.Isolation;
import dev.skerry.wire.Launcher;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What starts sandboxes of level container. Needs crun. */
class LauncherChoiceTest {
    @TempDir
    Path folder;

    private Driver chosen(Launcher launcher, String trial) throws IOException {
        Path guestd = folder.resolve("guestd");
        Files.writeString(guestd, "#!/bin/sh\ntest \"$1\" = trial && " + trial + "\n");
        Files.setPosixFilePermissions(guestd, PosixFilePermissions.fromString("rwx------"));
        return Drivers.detect(guestd, launcher).at(Isolation.CONTAINER);
    }

    @Test
    void ourOwnComesFirstWhereItWorks() throws IOException {
        Driver driver = chosen(Launcher.AUTO, "echo it works");
        assertThat(driver.runtime()).isEqualTo(LaunchDriver.NAME);
        assertThat(driver.probe()).allMatch(Finding::good);
    }

    @Test
    void whereItDoesNotWorkCrunComesNextAndTheReasonIsKept() throws IOException {
        Driver driver = chosen(Launcher.AUTO, "echo cannot mount proc at /proc: Operation not permitted");
        assertThat(driver.runtime()).startsWith("crun ");
        assertThat(driver.probe())
                .anyMatch(finding ->
                        !finding.good() && finding.detail().contains("mount proc at /proc: Operation not permitted"))
                .anyMatch(finding -> finding.good() && finding.what().equals("crun"));
    }

    @Test
    void aProgramThatSaysNothingDoesNotWork() throws IOException {
        assertThat(chosen(Launcher.AUTO, "exit 1").runtime()).startsWith("crun ");
    }

    @Test
    void whatIsAskedForIsTaken() throws IOException {
        assertThat(chosen(Launcher.CRUN, "echo it works").runtime()).startsWith("crun ");
        Driver own = chosen(Launcher.OWN, "echo no");
        assertThat(own.runtime()).isEqualTo(LaunchDriver.NAME);
        assertThat(own.probe()).noneMatch(Finding::good);
    }
}

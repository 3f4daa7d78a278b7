package dev.skerry.bench.chaos;

/** What is done to the servers, their parts and their surroundings. */
enum FaultKind {
    HOLDER_KILLED("kill -9 of the server that has the host"),
    STANDBY_KILLED("kill -9 of the other server"),
    BOTH_KILLED("kill -9 of both servers"),
    HOLDER_STOPPED("SIGSTOP of the server that has the host, SIGCONT later"),
    STANDBY_STOPPED("SIGSTOP of the other server, SIGCONT later"),
    SHIM_KILLED("kill -9 of a shim"),
    SHIM_STOPPED("SIGSTOP of a shim, SIGCONT later"),
    GUESTD_KILLED("kill -9 of a guestd"),
    GUESTD_STOPPED("SIGSTOP of a guestd, SIGCONT later"),
    SPAWNER_KILLED("kill -9 of the spawner"),
    SPAWNER_STOPPED("SIGSTOP of the spawner, SIGCONT later"),
    DATABASE_STOPPED("the database ends as by a crash, back some seconds later"),
    DATABASE_AWAY("the database ends as by a crash, back 30 s later"),
    DISK_FULL("the data folder's file system is full for some seconds"),
    CLIENT_KILLED("kill -9 of a client in the middle of a create");

    private final String words;

    FaultKind(String words) {
        this.words = words;
    }

    String words() {
        return words;
    }

    /** Whether a sandbox that it hits may end of it. */
    boolean endsItsSandbox() {
        return this == SHIM_KILLED || this == GUESTD_KILLED;
    }
}

package dev.skerry.wire;

/** What processes inside may become. */
public enum Privilege {
    /** no_new_privs and an empty capability bounding set: setuid programs gain nothing. For code that runs once. */
    NONE,
    /** setuid works and root inside has the usual container capabilities, within the sandbox's own user namespace. */
    SUDO
}

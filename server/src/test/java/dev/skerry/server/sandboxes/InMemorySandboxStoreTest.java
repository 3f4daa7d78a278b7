package dev.skerry.server.sandboxes;

class InMemorySandboxStoreTest extends SandboxStoreContract {
    @Override
    SandboxStore open() {
        return new InMemorySandboxStore();
    }
}

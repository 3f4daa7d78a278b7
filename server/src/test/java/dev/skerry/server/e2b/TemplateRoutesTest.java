package dev.skerry.server.e2b;

import static org.assertj.core.api.Assertions.assertThat;

import dev.skerry.server.e2b.E2bServer.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TemplateRoutesTest {
    private static final String DIGEST = "sha256:" + "ab".repeat(32);

    private E2bServer server;

    @BeforeEach
    void open(@TempDir Path folder) throws IOException {
        server = new E2bServer(folder);
    }

    @AfterEach
    void close() {
        server.close();
    }

    private Answer create(String template) throws Exception {
        return server.send("POST", "/v2/sandboxes", "{\"templateID\":\"" + template + "\"}");
    }

    @Test
    void baseAndTheInterpreterAreThereBeforeAnythingWasBuilt() throws Exception {
        Answer list = server.get("/templates").is(200);
        assertThat(list.body().size()).isEqualTo(1);
        assertThat(list.body().get(0).get("aliases").toString()).isEqualTo("[\"base\",\"code-interpreter-v1\"]");
        for (String alias : List.of("base", "code-interpreter-v1")) {
            assertThat(server.get("/templates/aliases/" + alias).is(200).text("templateID"))
                    .isEqualTo("base");
        }
        server.get("/templates/aliases/nope").fails(404, "template 'nope' not found");
    }

    @Test
    void aTemplateIsFoundUnderAllItsNames() throws Exception {
        server.host.templates.add(FakeHost.template("node", DIGEST, true));
        for (String name : List.of("node", "node:default", "default/node", "default/node:default")) {
            Answer answer = create(name).is(201);
            assertThat(answer.text("templateID")).isEqualTo("node");
            assertThat(answer.text("alias")).isEqualTo("node");
        }
        Answer byDigest = create(DIGEST).is(201);
        assertThat(byDigest.text("templateID")).isEqualTo("node");
        assertThat(byDigest.body().has("alias")).isFalse();
        create("other/node").fails(404, "template 'other/node' not found");
        create("node:v1").fails(404, "tag 'v1' does not exist for template 'node'");
        create("nope:v1").fails(404, "template 'nope:v1' not found");
        create("sha256:" + "00".repeat(32)).is(404);
    }

    @Test
    void oneThatHasTwoNamesIsListedAndFoundByEach() throws Exception {
        server.host.templates.add(FakeHost.template("gcc", DIGEST, true));
        server.host.templates.add(FakeHost.template("c", DIGEST, true));
        for (String path : List.of("/templates", "/v2/templates")) {
            assertThat(server.get(path).is(200).body().findValuesAsString("templateID"))
                    .containsExactly("base", "gcc", "c");
        }
        for (String name : List.of("gcc", "c")) {
            assertThat(create(name).is(201).text("alias")).isEqualTo(name);
        }
    }

    @Test
    void aTemplateThatWasJustImportedIsThereAtOnce() throws Exception {
        create("node").fails(404, "template 'node' not found");
        server.host.templates.add(FakeHost.template("node", DIGEST, true));
        create("node").is(201);
    }

    @Test
    void ofOneNameTheCurrentCounts() throws Exception {
        String old = "sha256:" + "cd".repeat(32);
        server.host.templates.add(FakeHost.template("node", old, false));
        server.host.templates.add(FakeHost.template("node", DIGEST, true));
        assertThat(server.get("/templates").body().size()).isEqualTo(2);
        assertThat(create(old).is(201).text("templateID")).isEqualTo(old);
    }

    @Test
    void anImportedTemplateMayTakeTheNameOfTheInterpreter() throws Exception {
        server.host.templates.add(FakeHost.template("code-interpreter-v1", DIGEST, true));
        assertThat(create("code-interpreter-v1").is(201).text("templateID")).isEqualTo("code-interpreter-v1");
        assertThat(server.get("/templates").body().get(0).get("names").toString())
                .isEqualTo("[\"base\"]");
    }

    @Test
    void aTemplateKeepsItsBuild() throws Exception {
        server.host.templates.add(FakeHost.template("base", DIGEST, true));
        String build =
                server.get("/v2/templates").is(200).body().get(0).get("buildID").stringValue();
        Answer detail = server.get("/templates/base").is(200);
        assertThat(detail.body().get("builds").get(0).get("buildID").stringValue())
                .isEqualTo(build);
        Answer tags = server.get("/templates/code-interpreter-v1/tags").is(200);
        assertThat(tags.body().get(0).get("tag").stringValue()).isEqualTo("default");
        assertThat(tags.body().get(0).get("buildID").stringValue()).isEqualTo(build);
    }

    @Test
    void anImportedTemplateCanBeDeletedAndTheBuiltInOneCannot() throws Exception {
        server.host.templates.add(FakeHost.template("node", DIGEST, true));
        create("node").is(201);
        server.send("DELETE", "/templates/node", "").is(204);
        server.send("DELETE", "/templates/node", "").fails(404, "template 'node' not found");
        create("node").is(404);
        server.send("DELETE", "/templates/code-interpreter-v1", "")
                .fails(400, "template 'base' is built in and cannot be deleted");
    }

    @Test
    void publishingAnswersTheNames() throws Exception {
        for (String path : List.of("/v2/templates/base", "/templates/code-interpreter-v1")) {
            Answer answer = server.send("PATCH", path, "{\"public\":true}").is(200);
            assertThat(answer.body().get("names").toString()).isEqualTo("[\"base\",\"code-interpreter-v1\"]");
        }
        server.send("PATCH", "/v2/templates/nope", "{\"public\":false}").is(404);
    }
}
